// The frames of a chat (protocol.py, README.md), and what the widget keeps of each message.

export interface QuickReply {
  key: string;
  label: string;
}

/** What a person says. The id and the age are put in when it is sent. */
export interface Said {
  t: "text" | "media" | "location" | "rating" | "end";
  id?: string;
  text?: string;
  choice?: string;
  kind?: "image" | "voice" | "file";
  name?: string;
  seconds?: number;
  lat?: number;
  lon?: number;
  accuracy_m?: number;
  satisfied?: number;
  comment?: string | null;
}

/** What need not arrive. */
export type Sign = { t: "typing"; on: boolean } | { t: "got" | "read"; upto: number } | { t: "beat" };

export interface Ack {
  t: "ack";
  id: string;
  seq: number;
  ticket_no: string | null;
}
export interface Refused {
  t: "refused";
  /** Without one the line itself is refused. */
  id?: string;
  code: string;
  retry_after_s: number | null;
}
export interface Message {
  t: "message";
  id: string;
  client_id?: string | null;
  seq: number;
  at: string;
  from: "you" | "us";
  kind: string;
  text: string;
  ticket_no: string | null;
  read?: boolean;
  quick_replies?: QuickReply[] | null;
}
export type Heard =
  | Ack
  | Refused
  | Message
  | { t: "welcome"; heartbeat_s: number }
  | { t: "live" }
  | { t: "beat" }
  | { t: "typing"; from: "you" | "us"; on: boolean }
  | { t: "read"; upto: number };

export type Delivery = "queued" | "sending" | "sent" | "failed";

/** What is kept in the browser. `at`: ms since 1970. */
export interface Kept {
  id: string;
  frame?: Said;
  blob?: Blob;
  state: Delivery;
  at: number;
  code?: string | null;
}

/** A message as the log shows it. */
export interface Entry extends Kept {
  from: "you" | "us";
  kind: string;
  text: string;
  mine: boolean;
  seq?: number;
  ticket_no?: string | null;
  read?: boolean;
  quick_replies?: QuickReply[] | null;
}

/** How the line is; all but `live` and the first two are trouble. */
export type State = "connecting" | "live" | "retrying" | "offline" | "unreachable" | "refusedSite" | "needsHttps";
