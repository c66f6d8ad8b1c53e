export default {
  server: {
    host: '127.0.0.1',
    port: Number(process.env.PORT) || 5173,
    // nginx was told this port: another one would be a silent failure.
    strictPort: true,
  },
}
