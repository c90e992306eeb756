/**
 * Starts connections, plain or encrypted, and lets nothing be sent to a server whose certificate is not right.
 */
import net, { type OnReadOpts, type Socket } from 'node:net';
import tls, { type TLSSocket } from 'node:tls';
import { ChatError } from './chat-error';

/** How to know the server. Without any of these: by the authorities that Node trusts, and the name connected to. */
export interface TlsOptions {
  /** Authorities to trust in place of those that Node trusts, in PEM. */
  readonly ca?: string;
  /**
   * SHA-256 of the server's own certificate, in hexadecimal, with or without colons. Then that certificate is taken,
   * whoever has signed it and whatever its names and dates, and no other.
   */
  readonly fingerprint?: string;
  /** The name that the certificate has to be for, where it is not the one connected to. */
  readonly serverName?: string;
}

export interface SocketTarget {
  /** A name or an address, IPv6 without brackets. */
  readonly host: string;
  readonly port: number;
  /** Undefined for plain text. */
  readonly tls?: TlsOptions | undefined;
}

/**
 * @param onOpen is called when requests may be sent: connected, and encrypted with the right server. A wrong one is an
 * 'error', a `ChatError` with the code CERTIFICATE_UNTRUSTED or CERTIFICATE_CHANGED.
 * @param onread Where to read to, as in `net.connect`; without it, 'data' events.
 */
export function startSocket(target: SocketTarget, onOpen: () => void, onread?: OnReadOpts): Socket {
  const { host, port, tls: tlsOptions } = target;
  const options = { host, port, ...(onread === undefined ? {} : { onread }) };
  if (tlsOptions === undefined) return net.connect({ ...options, noDelay: true }).once('connect', onOpen);
  const { ca, serverName = host } = tlsOptions;
  const socket = tls.connect({
    ...options,
    ...(ca === undefined ? {} : { ca }),
    // Server Name Indication is for names only.
    ...(net.isIP(serverName) === 0 ? { servername: serverName } : {}),
    checkServerIdentity: (_host, certificate) => tls.checkServerIdentity(serverName, certificate),
    // Judged below, where what was seen can still be told.
    rejectUnauthorized: false,
  });
  socket.once('secureConnect', () => {
    const problem = certificateProblem(socket, serverName, tlsOptions.fingerprint);
    if (problem !== undefined) {
      socket.destroy(problem);
      return;
    }
    socket.setNoDelay(true);
    onOpen();
  });
  return socket;
}

/** `AB:CD:…` of any way to write the 32 bytes in hexadecimal; undefined for anything else. */
export function normalFingerprint(text: string): string | undefined {
  const digits = text.replaceAll(':', '').toUpperCase();
  return /^[0-9A-F]{64}$/.test(digits) ? digits.replace(/..(?=.)/g, '$&:') : undefined;
}

function certificateProblem(
  socket: TLSSocket,
  name: string,
  pinned: string | undefined,
): ChatError | undefined {
  const certificate = socket.getPeerX509Certificate();
  const fingerprint = certificate?.fingerprint256 ?? 'none';
  if (pinned !== undefined) {
    if (fingerprint === normalFingerprint(pinned)) return undefined;
    return new ChatError(
      'CERTIFICATE_CHANGED',
      'the server shows another certificate than the one expected',
      {
        members: { fingerprint },
      },
    );
  }
  if (socket.authorized) return undefined;
  // A string, whatever its type says.
  const code = String(socket.authorizationError);
  const names = certificate?.subjectAltName ?? certificate?.subject ?? 'nobody';
  const reasons: Readonly<Record<string, string>> = {
    CERT_HAS_EXPIRED: `its certificate has expired (${certificate?.validTo ?? ''})`,
    CERT_NOT_YET_VALID: `its certificate is not valid yet (${certificate?.validFrom ?? ''}), or this clock is wrong`,
    ERR_TLS_CERT_ALTNAME_INVALID: `its certificate is not for ${name}, but for ${names}`,
  };
  const reason = reasons[code] ?? `its certificate is signed by nobody this client trusts (${code})`;
  return new ChatError('CERTIFICATE_UNTRUSTED', reason, { members: { fingerprint } });
}
