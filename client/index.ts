/** The package's public library: `import { LiveChat } from 'benang/client'`. docs/CLIENT.md shows how it is used. */
export {
  ChatConnection,
  type ChatConnectionOptions,
  type HistoryRange,
  type PostReceipt,
  type SearchRange,
} from './chat-connection';
export { ChatError, type ClientErrorCode } from './chat-error';
export type { ChatEvent, ChatEvents, Presence, RoomChange } from './chat-event';
export type { ChatMessage, MessagePage } from './chat-message';
export { LiveChat } from './live-chat';
export type { LiveChatEvents, LiveChatLogin, LiveChatOptions, LiveChatSettings } from './live-chat-options';
export type { MessageHandler } from './message-feed';
export type { TlsOptions } from './start-socket';
export type { InboxGroup, InboxMessage, Reply } from './reply';
export type { Room, RoomMember } from './room-replies';
