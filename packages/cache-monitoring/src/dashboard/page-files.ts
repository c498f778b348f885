/** The files of the page by their path. The build fills them in. */
export const PAGE_FILES: Readonly<Record<string, string>> = {}
