/** Files for whoever uses the page, made in the page. */
export function saveFile(name: string, contents: BlobPart, type = 'application/octet-stream'): void {
  const url = URL.createObjectURL(new Blob([contents], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url));
}
