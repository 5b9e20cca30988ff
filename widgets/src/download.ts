import { element } from "./dom";

/** Hands a file to the reader; nothing leaves the page. */
export function download(name: string, file: Blob): void {
  const link = element("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // The browser reads it after this click has been handled, and not at once where it asks for a place first.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
