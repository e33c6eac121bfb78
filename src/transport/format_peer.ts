/** A host or address with a port, as people and URLs write them: `[::1]:1883`. */
export function formatPeer(host: string, port: number): string {
  return host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
}
