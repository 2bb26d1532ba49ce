// Parts of Node.js that few calls need, loaded by the first that does: they take as long to load as a tenth of the library.

export const childProcess = () => process.getBuiltinModule('node:child_process');
export const crypto = () => process.getBuiltinModule('node:crypto');
export const zlib = () => process.getBuiltinModule('node:zlib');
