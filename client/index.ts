/** The package's public library: `import { ChatConnection } from 'benang/client'`. */
export { ChatConnection, type ChatConnectionOptions } from './chat-connection';
export { ChatError, type ClientErrorCode } from './chat-error';
export type { InboxGroup, InboxMessage, Reply } from './reply';
