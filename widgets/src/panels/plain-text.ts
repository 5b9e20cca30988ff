const ANSI = /\u001b\[[0-9;?]*[ -/]*[@-~]/g;

/** Text as a terminal would leave it: without colours, and of a line drawn over itself only the last state. */
export function plainText(text: string): string {
  return text
    .replace(ANSI, "")
    .replace(/\r+\n/g, "\n")
    .replace(/[^\n]*\r(?=[^\n])/g, "")
    .replace(/\r/g, "");
}
