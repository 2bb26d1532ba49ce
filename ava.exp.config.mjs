export default { files: ['build/ava/test/**/*.test.js'], workerThreads: false, timeout: '5m', concurrency: 2, nodeArguments: ['--enable-source-maps'] };
