// The package has no types. This file declares the only function that the service uses.
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
