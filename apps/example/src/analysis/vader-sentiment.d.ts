// The package ships no types; this declares the one function that is used of it.
declare module 'vader-sentiment' {
  interface PolarityScores {
    readonly neg: number
    readonly neu: number
    readonly pos: number
    readonly compound: number
  }

  const vader: {
    readonly SentimentIntensityAnalyzer: {
      polarity_scores(text: string): PolarityScores
    }
  }
  export default vader
}
