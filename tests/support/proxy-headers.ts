/** PROXY headers as a proxy would send them. */

export interface ProxyHeaderParts {
  /** Version and command; 0x21 unless given: version 2, PROXY. */
  readonly command?: number;
  /** Family and transport; 0x11 unless given: IPv4 over TCP. */
  readonly family?: number;
  /** Bytes of the source's address. */
  readonly source: readonly number[];
  /** Bytes after the addresses, for what a proxy has to add. */
  readonly extraBytes?: number;
}

const signature = Buffer.from('\r\n\r\n\0\r\nQUIT\n', 'latin1');
const portsBytes = 4;

/** Version 1, over IPv4. */
export function proxyHeader1(source: string): string {
  return `PROXY TCP4 ${source} 127.0.0.1 40000 8889\r\n`;
}

/** Version 2. The destination is as long as the source. */
export function proxyHeader2({
  command = 0x21,
  family = 0x11,
  source,
  extraBytes = 0,
}: ProxyHeaderParts): Buffer {
  const addresses = source.length === 0 ? 0 : source.length * 2 + portsBytes;
  const rest = Buffer.alloc(addresses + extraBytes);
  rest.set(source);
  const fixed = Buffer.from([command, family, rest.length >> 8, rest.length & 0xff]);
  return Buffer.concat([signature, fixed, rest]);
}
