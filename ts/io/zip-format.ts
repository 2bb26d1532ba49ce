// Signatures and numbers of zip archives. Source: PKWARE, APPNOTE.TXT, .ZIP file format specification.

/** What the records of an archive begin with. */
export const LOCAL_HEADER = 0x04034b50;
export const DESCRIPTOR = 0x08074b50;
export const CENTRAL_HEADER = 0x02014b50;
export const END = 0x06054b50;
export const END64 = 0x06064b50;
export const END64_LOCATOR = 0x07064b50;

/** How an entry is kept. */
export const STORED = 0;
export const DEFLATED = 8;

/** What stands in a field whose number is in the 64-bit extension. */
export const MAX32 = 0xffffffff;
export const MAX16 = 0xffff;
