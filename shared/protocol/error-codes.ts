/**
 * The error replies of the protocol: a stable `code` for programs, a text in Indonesian for people, as the seed's.
 * Source: PROTOCOL.md, "Errors". A code is never renamed or reused.
 */
export const errorTexts = {
  WRONG_PASSWORD: 'Password Salah',
  NO_SUCH_USER: 'User Tidak Ada',
  RECIPIENT_NOT_FOUND: 'User tidak ditemukan',
  BAD_COMMAND: 'Command tidak benar',
  BAD_SESSION: 'Session Tidak Ditemukan',
  BAD_REQUEST: 'Request tidak valid',
  LINE_TOO_LONG: 'Request terlalu panjang',
  NO_SUCH_MESSAGE: 'Pesan tidak ditemukan',
  MESSAGE_TOO_LONG: 'Pesan terlalu panjang',
  INBOX_FULL: 'Inbox penerima penuh',
  STORE_FULL: 'Penyimpanan penuh',
  USER_EXISTS: 'User sudah ada',
  BAD_NAME: 'Username tidak valid',
  BAD_PASSWORD: 'Password tidak valid',
  FORBIDDEN: 'Tidak diizinkan',
  NO_SUCH_ROOM: 'Room tidak ditemukan',
  NOT_A_MEMBER: 'Bukan anggota room',
  ROOM_FULL: 'Room penuh',
  TOO_MANY_ROOMS: 'Terlalu banyak room',
  BAD_ROOM: 'Nama room tidak valid',
  NO_HISTORY: 'Riwayat tidak disimpan',
  RATE_LIMITED: 'Terlalu banyak permintaan, coba lagi nanti',
  BUSY: 'Server sibuk, coba lagi',
  UNKNOWN_OUTCOME: 'Hasil tidak diketahui',
} as const;

export type ErrorCode = keyof typeof errorTexts;
