// Made by scripts/desk_types.py from the API's own description; do not edit.

export interface Accepted {
  ticket_id: string;
  ticket_no: string;
  interaction_id: string | null;
  emergency?: "110" | "119" | "120" | "122";
}

export interface ArchiveBody { reason: WhyArchived; }

export interface Attachment {
  name: string;
  media_type?: string | null;
  url?: string | null;
  bytes?: number | null;
  sha256?: string | null;
}

export interface AttachmentFailedData { attachment_id: string; message_id: string; reason: string; changed?: Changed; }

export interface AttachmentStoredData { attachment_id: string; bytes?: number | null; media_type?: string | null; changed?: Changed; }

export interface AttachmentTranscribedData { attachment_id: string; message_id: string; error?: string | null; changed?: Changed; }

export interface AttemptBody { result: AttemptResult; reason?: string | null; due_at?: string | null; }

export type AttemptResult = "no_answer" | "busy" | "unreachable" | "wrong_number" | "call_later";

export interface AuditPage {
  items: {
    viewer: string;
    what: string;
    ticket_id: string | null;
    at: string;
    detail: Record<string, unknown> | null;
  }[];
  next_before: string | null;
}

export interface Callback {
  callback_id: string;
  ticket_id: string;
  ticket_no: string;
  interaction_id: string;
  phone: string | null;
  phone_sure: boolean;
  tickets: string[];
  how: "phone" | "message";
  line: "citizen" | "enterprise";
  reason: string;
  reasons: string[];
  state: "open" | "done" | "failed" | "cancelled";
  created_at: string;
  due_at: string;
  attempts: number;
  claimed_by: string | null;
  claimed_until: string | null;
  last_attempt: {
    at: string;
    by: string;
    result: "no_answer" | "busy" | "unreachable" | "wrong_number" | "call_later";
    note: string | null;
  } | null;
  closed: { at: string; by: string; why: string; note: string | null; } | null;
  version: number;
}

export interface CallbackAttemptedData { callback_id: string; attempts: number; result: string; due_at: string; changed?: Changed; }

export interface CallbackCancelledData { callback_id: string; why: string; attempts?: number | null; result?: string | null; changed?: Changed; }

export interface CallbackClaimedData { callback_id: string; attempts: number; changed?: Changed; }

export interface CallbackDoneData { callback_id: string; why: string; attempts?: number | null; result?: string | null; changed?: Changed; }

export interface CallbackList { items: Callback[]; }

export interface CallbackNumberChangedData { callback_id: string; changed?: Changed; }

export interface CallbackOpenedData { callback_id: string; reason: string; joined: boolean; changed?: Changed; }

export interface CallbackReasonAddedData { callback_id: string; reason: string; changed?: Changed; }

export interface CallbackRequestedData { reason: string; changed?: Changed; }

export interface CancelBody { reason: string; }

export interface Case {
  ticket_id: string;
  version: number;
  status: "registered" | "classified" | "dispatched" | "signed" | "handling" | "replied" | "evaluated" | "archived" | "merged" | "deflected" | "informed" | "withdrawn";
  undecided_since: string | null;
  reopened: number;
  reassigned: number;
  centre_time_ms: number;
  possible: CaseAction[];
  tasks: {
    task_id: string;
    unit: { code: string; zh: string; en: string; };
    role: { code: string; zh: string; en: string; };
    status: { code: string; zh: string; en: string; };
    version: number;
    due_at: string | null;
    asked_until: string | null;
    asked_pause: string | null;
    own_time_ms: number;
    returns: {
      at: string;
      rule: { code: string; zh: string; en: string; };
      upheld: boolean;
      reviewed_at: string | null;
      reviewed_by: string | null;
    }[];
    possible: CaseAction[];
  }[];
  clocks: {
    clock_id: string;
    kind: { code: string; zh: string; en: string; };
    task_id: string | null;
    unit: { code: string; zh: string; en: string; } | null;
    due_at: string;
    warn_at: string | null;
    breached_at: string | null;
    paused_at: string | null;
    met_at: string | null;
    stopped_at: string | null;
    calendar: string;
    unsure: boolean;
  }[];
  trace: DispatchStep[];
}

export interface CaseAction {
  verb: "dispatch" | "reply" | "evaluate" | "archive" | "reopen" | "inform" | "deflect" | "supervise" | "confer" | "withdraw" | "sign" | "return" | "uphold" | "reassign" | "extend" | "pause" | "resume" | "arrive" | "respond" | "accept" | "send_back";
  zh: string;
  en: string;
  fields: { name: string; required: boolean; }[];
  reasons: { code: string; zh: string; en: string; script: { zh: string; en: string; } | null; }[];
}

export interface CaseArchivedData { why: string; waived?: string | null; changed?: Changed; }

export interface CaseConferredData { way: string; units: string[]; note_id?: string | null; changed?: Changed; }

export interface CaseDeflectedData { reason: string; note_id?: string | null; changed?: Changed; }

export interface CaseDiscontentOverData { of?: string | null; changed?: Changed; }

export interface CaseDispatchedData {
  stage: string;
  rule?: string | null;
  trace: string[];
  directory: string;
  table?: string | null;
  policy: string;
  changed?: Changed;
}

export interface CaseDissatisfiedData { satisfied?: number | null; of?: string | null; changed?: Changed; }

export interface CaseInformedData { reason: string; note_id?: string | null; changed?: Changed; }

export interface CaseReopenedData { reason: string; note_id?: string | null; changed?: Changed; }

export interface CaseRepliedData { note_id: string; by: string; changed?: Changed; }

export interface CaseReplyBody { text: string; }

export interface CaseReportedData { status: string; reported_at: string; note_id?: string | null; late?: boolean; changed?: Changed; }

export interface CaseSupervisedData { reason: string; note_id?: string | null; changed?: Changed; }

export interface CaseUndecidedData { reason: string; trace?: string[]; candidates?: string[]; changed?: Changed; }

export interface CaseUpdateBody { update_id?: string | null; status: Reported; at: string; text?: string | null; }

export interface CaseUpdated {
  ticket_id: string;
  ticket_no: string;
  status: "registered" | "classified" | "dispatched" | "signed" | "handling" | "replied" | "evaluated" | "archived" | "merged" | "deflected" | "informed" | "withdrawn";
  version: number;
  result: "applied" | "late" | "repeated" | "unchanged";
}

export interface CategoryPatch {
  code: string;
  l1?: string | null;
  l2?: string | null;
  l3?: string | null;
  l4?: string | null;
  taxonomy_version?: string | null;
}

export type Changed = Record<string, [unknown, unknown]>;

export interface ChannelList {
  items: {
    channel_id: string;
    kind: string;
    process: string | null;
    running: boolean;
    ready: boolean | null;
    inbound: number;
    outbound: number;
    pending: number;
    last_inbound_at: string | null;
    last_outbound_at: string | null;
    error_rate: number | null;
    token_ok: boolean | null;
    token_expires_at: string | null;
    connected: boolean | null;
    refused: Record<string, number>;
    silent: boolean;
  }[];
}

export interface ClockBreachedData {
  clock_id: string;
  clock_kind: string;
  task_id?: string | null;
  unit?: string | null;
  due: string;
  changed?: Changed;
}

export interface ClockEscalatedData {
  clock_id: string;
  clock_kind: string;
  task_id?: string | null;
  unit?: string | null;
  due: string;
  to: string;
  changed?: Changed;
}

export interface ClockMetData {
  clock_id: string;
  clock_kind: string;
  task_id?: string | null;
  unit?: string | null;
  due: string;
  changed?: Changed;
}

export interface ClockMovedData {
  clock_id: string;
  clock_kind: string;
  task_id?: string | null;
  unit?: string | null;
  due: string;
  why: string;
  due_at: string;
  changed?: Changed;
}

export interface ClockPausedData {
  clock_id: string;
  clock_kind: string;
  task_id?: string | null;
  unit?: string | null;
  due: string;
  changed?: Changed;
}

export interface ClockResumedData {
  clock_id: string;
  clock_kind: string;
  task_id?: string | null;
  unit?: string | null;
  due: string;
  changed?: Changed;
}

export interface ClockStartedData {
  clock_id: string;
  clock_kind: string;
  task_id?: string | null;
  unit?: string | null;
  due: string;
  due_at: string;
  policy: number;
  changed?: Changed;
}

export interface ClockStoppedData {
  clock_id: string;
  clock_kind: string;
  task_id?: string | null;
  unit?: string | null;
  due: string;
  changed?: Changed;
}

export interface ClockUnbreachedData {
  clock_id: string;
  clock_kind: string;
  task_id?: string | null;
  unit?: string | null;
  due: string;
  changed?: Changed;
}

export interface ClockWarnedData {
  clock_id: string;
  clock_kind: string;
  task_id?: string | null;
  unit?: string | null;
  due: string;
  changed?: Changed;
}

export interface Community { code?: string | null; name?: string | null; }

export interface CommunityPatch { code?: string | null; name?: string | null; }

export interface ComplainedAboutPatch { name?: string | null; phone?: string | null; }

export interface ConferBody { way: ConferWay; units: string[]; text?: string | null; }

export type ConferWay = "system" | "phone" | "sms" | "app" | "wechat_group" | "document";

export interface ConfirmBody { paths: string[]; seen?: SeenField[] | null; }

export interface ContactBody {
  source: Source;
  requester?: Requester;
  content: string;
  conversation_id?: string | null;
  place?: SeenPlace | null;
  attachments?: Attachment[];
  line?: Line | null;
  sent_at?: string | null;
  grid?: GridReport | null;
  sensor?: SensorReading | null;
  media?: MediaItem | null;
}

export type ContactBy = "phone" | "message";

export interface ContactStatus {
  source: { name: string; event_id: string; };
  interaction_id: string | null;
  ticket_id: string;
  ticket_no: string;
  status: "registered" | "classified" | "dispatched" | "signed" | "handling" | "replied" | "evaluated" | "archived" | "merged" | "deflected" | "informed" | "withdrawn";
  created_at: string;
  updated_at: string;
  lead_unit: string | null;
  callback: "open" | "done" | "failed" | "cancelled" | null;
  replied_at: string | null;
  public_reply: string | null;
  resolved: boolean | null;
  closed_at: string | null;
}

export type Crossing = "enforcement" | "function";

export type Crs = "WGS84" | "GCJ02" | "CGCS2000" | "BD09";

export interface DeadLetterList {
  items: {
    feed: string;
    event_seq: number;
    event_id: string;
    type: string;
    ticket_id: string;
    ticket_no: string;
    attempts: number;
    last_error: string | null;
    dead_at: string;
  }[];
}

export interface DemandPatch {
  type?: DemandType | null;
  title?: string | null;
  content?: string | null;
  category?: CategoryPatch | null;
  urgency?: UrgencyPatch | null;
  emergency?: EmergencyNumber | null;
  complained_about?: ComplainedAboutPatch | null;
}

export interface DemandTakenData { changed?: Changed; }

export type DemandType = "consultation" | "help" | "complaint" | "report" | "suggestion" | "praise" | "other";

export interface DispatchBody {
  unit?: string | null;
  joint?: string[];
  reason?: string | null;
  text?: string | null;
  crossing?: Crossing | null;
}

export interface DispatchStep {
  stage: { code: string; zh: string; en: string; };
  rule: { code: string; zh: string; en: string; };
  units: { code: string; zh: string; en: string; }[];
  rows: number[];
  reason: string | null;
}

export interface District { code?: string | null; name?: string | null; }

export interface DistrictPatch { code?: string | null; name?: string | null; }

export interface Divisions { version: string; items: { code: string; name: string; level: string; parent: string; }[]; }

export interface DoneBody { result: DoneResult; reason?: string | null; satisfied?: number | null; }

export type DoneResult = "reached" | "declined" | "not_reached";

export type EmergencyNumber = "110" | "119" | "120" | "122";

export interface EmergencyRaisedData { number: string; message_id?: string | null; changed?: Changed; }

export interface EvaluateBody { satisfied: number; text?: string | null; reply_id?: string | null; }

export interface Event {
  event_seq: number;
  event_id: string;
  type: "attachment.failed" | "attachment.stored" | "attachment.transcribed" | "callback.attempted" | "callback.cancelled" | "callback.claimed" | "callback.done" | "callback.number_changed" | "callback.opened" | "callback.reason_added" | "callback.requested" | "case.archived" | "case.conferred" | "case.deflected" | "case.discontent_over" | "case.dispatched" | "case.dissatisfied" | "case.informed" | "case.reopened" | "case.replied" | "case.reported" | "case.supervised" | "case.undecided" | "clock.breached" | "clock.escalated" | "clock.met" | "clock.moved" | "clock.paused" | "clock.resumed" | "clock.started" | "clock.stopped" | "clock.unbreached" | "clock.warned" | "emergency.raised" | "interaction.answered" | "interaction.ended" | "interaction.line_chosen" | "interaction.started" | "message.delivered" | "message.failed" | "message.read" | "message.received" | "message.sent" | "reply.called" | "reply.declined" | "reply.delivered" | "reply.due" | "reply.failed" | "reply.sent" | "reply.together" | "reply.told" | "reply.uncallable" | "reply.under_way" | "reply.unreached" | "reply.visit" | "source.told" | "task.accepted" | "task.arrived" | "task.cancelled" | "task.extended" | "task.extension_asked" | "task.extension_refused" | "task.leads" | "task.noted" | "task.offered" | "task.pause_asked" | "task.pause_refused" | "task.paused" | "task.pictured" | "task.reassigned" | "task.replied" | "task.responded" | "task.resumed" | "task.return_asked" | "task.returned" | "task.sent_back" | "task.signed" | "task.upheld" | "ticket.added_to" | "ticket.corrected" | "ticket.demand_taken" | "ticket.erased" | "ticket.merged" | "ticket.progress_asked" | "ticket.rated" | "ticket.registered" | "ticket.secrecy_lifted" | "ticket.title_written" | "ticket.unmerged" | "ticket.updated" | "ticket.urged" | "ticket.withdraw_asked" | "ticket.withdrawn" | "transcript.completed" | "transcript.segment";
  at: string;
  ticket_id: string;
  ticket_no: string;
  interaction_id: string | null;
  actor: string;
  data: { changed?: Changed; };
}

export interface EventPage { items: Event[]; next_after: number | null; }

export interface ExtendBody { until: string; reason: string; text?: string | null; }

export interface FeedList {
  items: {
    feed: string;
    pending: number;
    dead: number;
    held: {
      since: string;
      cause: string;
      http_status: number | null;
      why: string;
      probes: number;
      probe_at: string;
      do: string;
    } | null;
  }[];
}

export interface Fields {
  version: string;
  items: {
    path: string;
    kind: "id" | "text" | "prose" | "phone" | "word" | "whole" | "number" | "flag" | "time" | "any" | "object" | "list" | "map";
    many: boolean;
    zh: string;
    en: string;
    words: { code: string; zh: string; en: string; }[];
    form: {
      place: number;
      input: "choice" | "set" | "flag" | "coded" | "level" | "text" | "long" | "secret";
      most: number | null;
      required: boolean;
      tel: boolean;
      offered: string | null;
      catalogue: "taxonomy" | "units" | "divisions" | null;
    } | null;
  }[];
}

export type Gender = "female" | "male" | "other";

export interface GridReport { worker_id?: string | null; tried?: string | null; }

export interface HandlingPatch { lead_unit?: string | null; first_asked?: string | null; }

export interface Health { status: string; }

export interface InformBody { reason: WhyInformed; text?: string | null; }

export interface Interaction {
  interaction_id: string;
  channel: string;
  channel_id: string;
  direction: "inbound" | "outbound";
  external_id: string | null;
  from_raw: string | null;
  to_raw: string | null;
  asserted_identity: string | null;
  diversion: string | null;
  node: string | null;
  started_at: string;
  queued_at: string | null;
  answered_at: string | null;
  ended_at: string | null;
  disposition: "completed" | "self_service" | "answered" | "voicemail" | "callback_requested" | "transferred" | "deflected" | "abandoned_before_answer" | "abandoned_in_flow" | "abandoned_in_queue" | "rejected" | "interrupted" | "idle_closed" | null;
  agent_id: string | null;
  flow: { name: string | null; version: string | null; };
  dtmf: string[];
  recording: { url: string; duration_s: number | null; sha256: string | null; tracks: string[]; } | null;
  transcript?: {
    seq: number;
    speaker: "requester" | "agent" | "bot";
    start_ms: number;
    end_ms: number;
    text: string;
    corrected_text: string | null;
    language: string | null;
    confidence: number | null;
    engine: string | null;
  }[];
  messages?: {
    seq: number;
    direction: "inbound" | "outbound";
    sent_at: string;
    kind: "text" | "image" | "voice" | "location" | "file" | "event";
    text: string | null;
    attachment_id: string | null;
    external_id: string | null;
    delivery: string | null;
  }[];
}

export interface InteractionAnsweredData { after_ms: number; changed?: Changed; }

export interface InteractionEndedData {
  disposition: string;
  recovered?: boolean;
  idle?: boolean;
  left?: boolean;
  media?: boolean | null;
  changed?: Changed;
}

export interface InteractionPatch { interaction_id: string; transcript: SegmentPatch[]; }

export interface InteractionStartedData { flow: string; previous?: string | null; changed?: Changed; }

export interface LiftSecrecyBody { reason: "requester_asked" | "misunderstood" | "law"; }

export type Line = "citizen" | "enterprise";

export interface LineChosenData { line: string; changed?: Changed; }

export interface LoginBody { username: string; password: string; }

export interface MediaItem { outlet: string; title?: string | null; url?: string | null; published_at?: string | null; }

export interface MergeBody { into: string; }

export interface MessageDeliveredData { message_id: string; error?: string | null; changed?: Changed; }

export interface MessageFailedData {
  message_id: string;
  error?: string | null;
  reason?: string | null;
  instead?: string | null;
  changed?: Changed;
}

export interface MessageReadData { message_id: string; error?: string | null; changed?: Changed; }

export interface MessageReceivedData {
  message_id?: string | null;
  kind?: string | null;
  event?: string | null;
  incomplete?: boolean;
  channel?: string | null;
  addition?: boolean;
  reported_status?: string | null;
  changed?: Changed;
}

export interface MessageSentData { message_id: string; error?: string | null; changed?: Changed; }

export interface NoteList {
  items: {
    note_id: string;
    task_id: string | null;
    kind: { code: string; zh: string; en: string; };
    author: string;
    at: string;
    text: string;
  }[];
}

export interface NoticeList {
  items: {
    event_seq: number;
    unit: string;
    way: "sms" | "email" | "wecom";
    type: string;
    clock_kind: string | null;
    task_id: string | null;
    urgent: boolean;
    at: string;
    due_at: string;
    next_at: string | null;
    sent_at: string | null;
    dead_at: string | null;
    attempts: number;
    error: string | null;
    address: string | null;
  }[];
}

export type OpenApi = Record<string, unknown>;

export interface OverduePage {
  items: {
    clock_id: string;
    kind: { code: string; zh: string; en: string; };
    task_id: string | null;
    unit: string | null;
    due_at: string;
    overdue_since: string;
    supervised: number;
    supervised_at: string | null;
    ticket: {
      ticket_id: string;
      ticket_no: string;
      status: "registered" | "classified" | "dispatched" | "signed" | "handling" | "replied" | "evaluated" | "archived" | "merged" | "deflected" | "informed" | "withdrawn";
      created_at: string;
      title: string | null;
    };
  }[];
  total: number;
  next_cursor: string | null;
}

export interface PasswordBody { current: string; new: string; }

export interface PlacePatch {
  lat?: number | null;
  lon?: number | null;
  crs?: Crs | null;
  address?: string | null;
  district?: DistrictPatch | null;
  street?: StreetPatch | null;
  community?: CommunityPatch | null;
  grid_id?: string | null;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  errors?: { path: string; message: string; nearest?: { code: string; name: string; }; }[];
}

export interface ProgressAskedData { of?: string | null; changed?: Changed; }

export interface Readiness {
  status: string;
  parts: Record<string, boolean>;
  degraded: string[];
  alarms: { name: string; of: string | null; value: number; }[];
}

export interface ReasonBody { reason: string; text?: string | null; }

export interface ReassignBody { unit: string; reason: string; text?: string | null; }

export interface RefusedCallList {
  items: {
    channel_id: string;
    number: string;
    phone: string | null;
    to_raw: string;
    reason: string;
    proved: boolean;
    first_at: string;
    last_at: string;
    attempts: number;
  }[];
}

export interface Released { feed: string; released: boolean; }

export interface ReplayBody {
  all?: boolean;
  dead?: boolean;
  since?: number | null;
  until?: number | null;
  begin?: string | null;
  end?: string | null;
  events?: number[] | null;
}

export interface ReplayStarted { feed: string; events: number; }

export interface Replayed { feed: string; event_seq: number; }

export interface ReplyCalledData { reply_id: string; result: string; changed?: Changed; }

export interface ReplyDeclinedData { reply_id: string; changed?: Changed; }

export interface ReplyDeliveredData { reply_id: string; way: string; changed?: Changed; }

export interface ReplyDueData { reply_id: string; of?: string | null; changed?: Changed; }

export interface ReplyFailedData { reply_id: string; way: string; reason?: string | null; changed?: Changed; }

export interface ReplySentData { reply_id: string; way: string; changed?: Changed; }

export interface ReplyTogetherData { reply_id: string; together: string; changed?: Changed; }

export interface ReplyToldData { reply_id: string; changed?: Changed; }

export interface ReplyUncallableData { reply_id: string; changed?: Changed; }

export interface ReplyUnderWayData { reply_id: string; way: string; because: string; changed?: Changed; }

export interface ReplyUnreachedData { reply_id: string; why: string; changed?: Changed; }

export interface ReplyVisitData { reply_id: string; changed?: Changed; }

export type Reported = "open" | "dispatched" | "signed" | "handling" | "replied";

export interface Requester {
  kind?: RequesterKind;
  phone?: string | null;
  name?: string | null;
  callback_phone?: string | null;
  contact_by?: ContactBy | null;
  gender?: Gender | null;
  org_name?: string | null;
  uscc?: string | null;
  anonymous?: boolean | null;
  secret?: boolean | null;
  language?: string | null;
  accessibility?: string[] | null;
}

export type RequesterKind = "citizen" | "visitor" | "enterprise" | "grid_worker" | "machine";

export interface RequesterPatch {
  kind?: RequesterKind | null;
  name?: string | null;
  phone?: string | null;
  callback_phone?: string | null;
  contact_by?: ContactBy | null;
  gender?: Gender | null;
  org_name?: string | null;
  uscc?: string | null;
  anonymous?: boolean | null;
  secret?: boolean | null;
  language?: string | null;
  accessibility?: string[] | null;
}

export interface SameRequesterBody { ticket_id: string; }

export interface SameRequesterList {
  items: {
    ticket_id: string;
    ticket_no: string;
    created_at: string;
    channel: string;
    status: "registered" | "classified" | "dispatched" | "signed" | "handling" | "replied" | "evaluated" | "archived" | "merged" | "deflected" | "informed" | "withdrawn";
    title: string | null;
    name: string | null;
    gender: string | null;
    org_name: string | null;
    uscc: string | null;
    language: string | null;
    accessibility: string[];
    phone: string | null;
    callback_phone: string | null;
  }[];
}

export interface SecrecyLiftedData { reason: string; changed?: Changed; }

export interface SeenField { path: string; value: string | boolean | number | string[] | null; }

export interface SeenPlace {
  lat?: number | null;
  lon?: number | null;
  crs?: Crs | null;
  address?: string | null;
  district?: District | null;
  street?: Street | null;
  community?: Community | null;
  grid_id?: string | null;
  accuracy_m?: number | null;
}

export interface SegmentHeardData { seq: number; language: string | null; changed?: Changed; }

export interface SegmentPatch { seq: number; corrected_text: string; }

export interface SensorReading {
  device_id: string;
  metric: string;
  value: number | string;
  unit?: string | null;
  threshold?: number | null;
  measured_at?: string | null;
}

export interface Session {
  username: string;
  name: string;
  role: string;
  unit: string | null;
  unit_name: string | null;
  must_change_password: boolean;
  csrf_token: string;
  timezone: string;
  statuses: ("registered" | "classified" | "dispatched" | "signed" | "handling" | "replied" | "evaluated" | "archived" | "merged" | "deflected" | "informed" | "withdrawn")[];
  withdrawable: ("registered" | "classified" | "dispatched" | "signed" | "handling" | "replied" | "evaluated" | "archived" | "merged" | "deflected" | "informed" | "withdrawn")[];
  guesses: { fill_at: number; sure: number; };
}

export interface SimilarList {
  items: {
    ticket_id: string;
    ticket_no: string;
    score: number;
    title: string | null;
    status: "registered" | "classified" | "dispatched" | "signed" | "handling" | "replied" | "evaluated" | "archived" | "merged" | "deflected" | "informed" | "withdrawn";
    created_at: string;
    same_requester: boolean;
    reporters: number;
  }[];
  reporters: number;
  repeats: number;
  complete: boolean;
}

export interface Source { name: string; event_id?: string | null; }

export interface SourceToldData { status: string; replied: boolean; changed?: Changed; }

export interface Street { code?: string | null; name?: string | null; }

export interface StreetPatch { code?: string | null; name?: string | null; }

export interface Suggestion {
  lead: { code: string; zh: string; en: string; } | null;
  joint: { code: string; zh: string; en: string; }[];
  candidates: { code: string; zh: string; en: string; }[];
  held: boolean;
  stage: "function" | "first_asked" | "centre" | "territory";
  confidence: number;
  automatic_above: number | null;
  directory: string;
  table: string;
  policy: string;
  trace: DispatchStep[];
}

export interface TaskAcceptedData { task_id: string; changed?: Changed; }

export interface TaskArrivedData { task_id: string; note_id?: string | null; changed?: Changed; }

export interface TaskCancelledData { task_id: string; changed?: Changed; }

export interface TaskExtendedData { task_id: string; until: string; reason?: string | null; note_id?: string | null; changed?: Changed; }

export interface TaskExtensionAskedData { task_id: string; until: string; reason: string; note_id?: string | null; changed?: Changed; }

export interface TaskExtensionRefusedData { task_id: string; note_id?: string | null; changed?: Changed; }

export interface TaskLeadsData { task_id: string; changed?: Changed; }

export interface TaskNotedData { task_id: string; note_id: string; changed?: Changed; }

export interface TaskOfferedData {
  task_id: string;
  unit: string;
  role: string;
  rule?: string | null;
  directory?: string | null;
  changed?: Changed;
}

export interface TaskPage {
  items: {
    task_id: string;
    unit: string;
    role: "lead" | "joint";
    status: "offered" | "signed" | "working" | "extended" | "paused" | "returning" | "returned" | "upheld" | "replied" | "accepted" | "sent_back" | "cancelled";
    version: number;
    dispatched_at: string | null;
    due_at: string | null;
    ticket: {
      ticket_id: string;
      ticket_no: string;
      status: "registered" | "classified" | "dispatched" | "signed" | "handling" | "replied" | "evaluated" | "archived" | "merged" | "deflected" | "informed" | "withdrawn";
      created_at: string;
      title: string | null;
    };
  }[];
  next_cursor: string | null;
}

export interface TaskPauseAskedData { task_id: string; reason: string; note_id?: string | null; changed?: Changed; }

export interface TaskPauseRefusedData { task_id: string; note_id?: string | null; changed?: Changed; }

export interface TaskPausedData { task_id: string; reason: string; note_id?: string | null; changed?: Changed; }

export interface TaskPicturedData { task_id: string; attachment_id: string; shows: string; changed?: Changed; }

export interface TaskReassignedData {
  task_id: string;
  to_task: string;
  unit: string;
  reason: string;
  note_id?: string | null;
  changed?: Changed;
}

export interface TaskRepliedData { task_id: string; note_id: string; solved?: boolean; changed?: Changed; }

export interface TaskReplyBody { text: string; solved?: boolean; }

export interface TaskRespondedData { task_id: string; note_id?: string | null; changed?: Changed; }

export interface TaskResumedData { task_id: string; changed?: Changed; }

export interface TaskReturnAskedData { task_id: string; reason: string; note_id?: string | null; changed?: Changed; }

export interface TaskReturnedData { task_id: string; by_silence?: boolean; changed?: Changed; }

export interface TaskSentBackData { task_id: string; reason: string; note_id?: string | null; changed?: Changed; }

export interface TaskSignedData { task_id: string; changed?: Changed; }

export interface TaskUpheldData { task_id: string; by_silence?: boolean; note_id?: string | null; changed?: Changed; }

export interface Taxonomy {
  version: string;
  items: {
    code: string;
    names: string[];
    names_en: string[];
    keywords: string[];
    unit: string;
    urgent: boolean;
    danger: boolean;
    plan_urgent: boolean;
    reply_limits_s: Record<string, number>;
    leaf: boolean;
    may_stay: boolean;
    gbt39666: string | null;
    effective_from: string | null;
    effective_to: string | null;
  }[];
}

export interface Ticket {
  ticket_id: string;
  ticket_no: string;
  schema_version: number;
  status: "registered" | "classified" | "dispatched" | "signed" | "handling" | "replied" | "evaluated" | "archived" | "merged" | "deflected" | "informed" | "withdrawn";
  created_at: string;
  updated_at: string;
  version: number;
  event_seq: number;
  empty: boolean;
  erased_at: string | null;
  line: "citizen" | "enterprise";
  channel: string;
  channel_id: string;
  entry_number: string | null;
  source: { name: string | null; event_id: string | null; };
  interactions: Interaction[];
  requester: {
    requester_id: string;
    kind: "citizen" | "visitor" | "enterprise" | "grid_worker" | "machine";
    name: string | null;
    phone: string | null;
    callback_phone: string | null;
    contact_by: "phone" | "message" | null;
    gender: "female" | "male" | "other" | null;
    org_name: string | null;
    uscc: string | null;
    anonymous: boolean | null;
    secret: boolean | null;
    language: string | null;
    accessibility: string[];
    returning: boolean;
    labels: string[];
  };
  demand: {
    type: "consultation" | "help" | "complaint" | "report" | "suggestion" | "praise" | "other" | null;
    title: string | null;
    content: string | null;
    category: {
      code: string | null;
      l1: string | null;
      l2: string | null;
      l3: string | null;
      l4: string | null;
      taxonomy_version: string | null;
    };
    urgency: { level: "normal" | "urgent" | null; reason: string | null; };
    emergency: "110" | "119" | "120" | "122" | null;
    complained_about: { name: string | null; phone: string | null; };
  };
  place: {
    address: string | null;
    district: { code: string | null; name: string | null; };
    street: { code: string | null; name: string | null; };
    community: { code: string | null; name: string | null; };
    grid_id: string | null;
    lat: number | null;
    lon: number | null;
    crs: "WGS84" | "GCJ02" | "CGCS2000" | "BD09" | null;
  };
  handling: {
    lead_unit: string | null;
    first_asked: string | null;
    crossing: "enforcement" | "function" | null;
    undecided_since: string | null;
    reassigned: number;
    reopened: number;
    reopened_at: string | null;
    dissatisfied: string[];
    supervised_at: string | null;
    reported_at: string | null;
    units: {
      task_id: string;
      unit: string | null;
      role: "lead" | "joint";
      status: "offered" | "signed" | "working" | "extended" | "paused" | "returning" | "returned" | "upheld" | "replied" | "accepted" | "sent_back" | "cancelled";
      version: number;
      dispatched_at: string | null;
      signed_at: string | null;
      responded_at: string | null;
      arrived_at: string | null;
      replied_at: string | null;
      accepted_at: string | null;
      due_at: string | null;
      asked_until: string | null;
      asked_pause: string | null;
      held: boolean;
      returns: {
        at: string | null;
        unit: string | null;
        rule: string | null;
        reason: string | null;
        upheld: boolean;
        reviewed_at: string | null;
        reviewed_by: string | null;
      }[];
    }[];
    routing_trace: { stage: string | null; rule: string | null; reason: string | null; units: string[]; rows: number[]; }[];
    clocks: {
      clock_id: string;
      kind: string;
      task_id: string | null;
      unit: string | null;
      policy: number;
      calendar: string;
      started_at: string | null;
      owned_at: string | null;
      length_ms: number;
      extended_ms: number;
      paused_ms: number;
      inherited_ms: number;
      due_at: string | null;
      warn_at: string | null;
      escalations: { at: string | null; to: string | null; }[];
      warned_at: string | null;
      breached_at: string | null;
      escalated: number;
      paused_at: string | null;
      met_at: string | null;
      stopped_at: string | null;
      earlier: { due_at: string | null; why: string | null; at: string | null; breached_at: string | null; }[];
      unsure: boolean;
      next_at: string | null;
    }[];
    callback: {
      state: "open" | "done" | "failed" | "cancelled";
      due_at: string | null;
      attempts: number;
      how: "phone" | "message";
    } | null;
    replies: {
      reply_id: string;
      of: string | null;
      together: string | null;
      state: "due" | "under_way" | "sent" | "delivered" | "told" | "failed" | "unreached";
      way: "channel" | "sms" | "callback" | "source" | "together" | null;
      because: "writes_there" | "no_account" | "window_closed" | "way_failed" | "no_number" | "last_way" | "told_by_source" | null;
      channel_id: string | null;
      message_id: string | null;
      callback_id: string | null;
      visit_id: string | null;
      replied_at: string | null;
      reached_at: string | null;
      declined_at: string | null;
      uncallable_at: string | null;
      tried: string[] | null;
      called_at: string[] | null;
    }[];
  };
  outcome: {
    replied_at: string | null;
    public_reply: string | null;
    resolved: boolean | null;
    evaluation: { channel: string | null; satisfied: number | null; comment: string | null; };
    evaluations: {
      at: string | null;
      channel: string | null;
      satisfied: number | null;
      comment: string | null;
      reply_id: string | null;
      score: "first" | "final" | null;
    }[];
    closed_at: string | null;
  };
  prefill: {
    fields: Record<string, {
      value: unknown;
      source: "rule" | "model" | "asr" | "caller_id" | "flow" | "agent";
      span: [number, number] | null;
      confidence: number;
      confirmed_by: string | null;
    }>;
    candidates: {
      category: { code: string; confidence: number; }[];
      unit: { code: string; confidence: number; }[];
      district: { code: string; confidence: number; }[];
      street: { code: string; confidence: number; }[];
      community: { code: string; confidence: number; }[];
    };
    mentions: { kind: string; value: string; span: [number, number] | null; confidence: number; }[];
    pending: boolean;
  };
  related: {
    parent_id: string | null;
    child_ids: string[];
    merged_into: string | null;
    merged_ids: string[];
    merged_count: number;
    similar: { ticket_id: string; score: number; }[];
  };
  attachments: {
    attachment_id: string;
    name: string | null;
    media_type: string | null;
    bytes: number | null;
    sha256: string | null;
    url: string | null;
    error: string | null;
  }[];
}

export interface TicketAddedToData { of?: string | null; changed?: Changed; }

export interface TicketCorrectedData { fields: string[]; changed?: Changed; }

export interface TicketErasedData { changed?: Changed; }

export interface TicketMergedData { into?: string | null; merged?: string | null; changed?: Changed; }

export interface TicketPage { items: Ticket[]; next_cursor: string | null; }

export interface TicketPatch {
  interactions?: InteractionPatch[];
  seen?: SeenField[] | null;
  line?: Line | null;
  requester?: RequesterPatch | null;
  demand?: DemandPatch | null;
  place?: PlacePatch | null;
  handling?: HandlingPatch | null;
}

export interface TicketRatedData {
  satisfied: number;
  channel?: string | null;
  reply_id?: string | null;
  score?: string | null;
  changed?: Changed;
}

export interface TicketRegisteredData { channel: string; line: string; empty: boolean; changed?: Changed; }

export interface TicketUnmergedData { from?: string | null; merged?: string | null; changed?: Changed; }

export interface TicketUpdatedData { fields: string[]; changed?: Changed; }

export interface TicketUrgedData { of?: string | null; changed?: Changed; }

export interface TicketWithdrawnData { of?: string | null; reason?: string | null; changed?: Changed; }

export interface TitleWrittenData { chars: number; changed?: Changed; }

export interface TranscriptCompletedData {
  segments: number;
  not_understood?: boolean | null;
  caught_up?: boolean;
  late_s?: number | null;
  changed?: Changed;
}

export interface UnitNoteBody { text: string; }

export interface UnitTask {
  task_id: string;
  unit: string | null;
  role: "lead" | "joint";
  status: "offered" | "signed" | "working" | "extended" | "paused" | "returning" | "returned" | "upheld" | "replied" | "accepted" | "sent_back" | "cancelled";
  version: number;
  dispatched_at: string | null;
  signed_at: string | null;
  responded_at: string | null;
  arrived_at: string | null;
  replied_at: string | null;
  accepted_at: string | null;
  due_at: string | null;
  asked_until: string | null;
  asked_pause: string | null;
  verbs: ("arrive" | "extend" | "pause" | "reply" | "respond" | "resume" | "return" | "sign")[];
  returns: { at: string; rule: string | null; upheld: boolean; }[];
  clocks: {
    kind: string;
    started_at: string | null;
    due_at: string | null;
    warn_at: string | null;
    breached_at: string | null;
    paused_at: string | null;
    met_at: string | null;
    stopped_at: string | null;
  }[];
  ticket: {
    ticket_no: string;
    status: "registered" | "classified" | "dispatched" | "signed" | "handling" | "replied" | "evaluated" | "archived" | "merged" | "deflected" | "informed" | "withdrawn";
    line: "citizen" | "enterprise";
    created_at: string;
    empty: boolean;
  };
  demand: {
    type: string | null;
    title: string | null;
    content: string | null;
    category: {
      code: string | null;
      l1: string | null;
      l2: string | null;
      l3: string | null;
      l4: string | null;
      taxonomy_version: string | null;
    };
    urgency: { level: string | null; reason: string | null; };
    emergency: "110" | "119" | "120" | "122" | null;
    complained_about: { name: string | null; phone: string | null; };
  };
  place: {
    address: string | null;
    district: { code: string | null; name: string | null; };
    street: { code: string | null; name: string | null; };
    community: { code: string | null; name: string | null; };
    grid_id: string | null;
    lat: number | null;
    lon: number | null;
    crs: string | null;
  };
  contact: {
    kind: string;
    name: string | null;
    phone: string | null;
    callback_phone: string | null;
    language: string | null;
    accessibility: string[];
  } | null;
  others: {
    unit: string | null;
    name: string | null;
    role: "lead" | "joint";
    status: "offered" | "signed" | "working" | "extended" | "paused" | "returning" | "returned" | "upheld" | "replied" | "accepted" | "sent_back" | "cancelled";
  }[];
  notes: {
    note_id: string;
    kind: "reason" | "reply" | "talk" | "evidence";
    at: string;
    unit: string | null;
    name: string | null;
    text: string | null;
  }[];
  history: {
    type: string;
    at: string;
    reason: string | null;
    until: string | null;
    solved: boolean | null;
    by_silence: boolean | null;
  }[];
  pictures: {
    attachment_id: string;
    name: string | null;
    media_type: string | null;
    bytes: number | null;
    at: string;
    shows: "before" | "after" | "evidence";
  }[];
  attachments: { attachment_id: string; name: string | null; media_type: string | null; bytes: number | null; }[];
}

export interface UnitTaskPage {
  items: {
    task_id: string;
    unit: string | null;
    role: "lead" | "joint";
    status: "offered" | "signed" | "working" | "extended" | "paused" | "returning" | "returned" | "upheld" | "replied" | "accepted" | "sent_back" | "cancelled";
    version: number;
    dispatched_at: string | null;
    signed_at: string | null;
    responded_at: string | null;
    arrived_at: string | null;
    replied_at: string | null;
    accepted_at: string | null;
    due_at: string | null;
    asked_until: string | null;
    asked_pause: string | null;
    verbs: ("arrive" | "extend" | "pause" | "reply" | "respond" | "resume" | "return" | "sign")[];
    returns: { at: string; rule: string | null; upheld: boolean; }[];
    clocks: {
      kind: string;
      started_at: string | null;
      due_at: string | null;
      warn_at: string | null;
      breached_at: string | null;
      paused_at: string | null;
      met_at: string | null;
      stopped_at: string | null;
    }[];
    ticket: {
      ticket_no: string;
      status: "registered" | "classified" | "dispatched" | "signed" | "handling" | "replied" | "evaluated" | "archived" | "merged" | "deflected" | "informed" | "withdrawn";
      line: "citizen" | "enterprise";
      created_at: string;
      empty: boolean;
    };
    demand: {
      type: string | null;
      title: string | null;
      content: string | null;
      category: {
        code: string | null;
        l1: string | null;
        l2: string | null;
        l3: string | null;
        l4: string | null;
        taxonomy_version: string | null;
      };
      urgency: { level: string | null; reason: string | null; };
      emergency: "110" | "119" | "120" | "122" | null;
      complained_about: { name: string | null; phone: string | null; };
    };
    place: {
      address: string | null;
      district: { code: string | null; name: string | null; };
      street: { code: string | null; name: string | null; };
      community: { code: string | null; name: string | null; };
      grid_id: string | null;
      lat: number | null;
      lon: number | null;
      crs: string | null;
    };
  }[];
  next_cursor: string | null;
}

export interface Units {
  version: string;
  items: { code: string; name: string; name_en: string; kind: string; parent: string | null; }[];
}

export type UrgencyLevel = "normal" | "urgent";

export interface UrgencyPatch { level: UrgencyLevel; reason?: string | null; }

export interface WaitingPage {
  items: {
    clock_id: string;
    kind: { code: string; zh: string; en: string; };
    task_id: string | null;
    due_at: string;
    overdue_since: string | null;
    ticket: {
      ticket_id: string;
      ticket_no: string;
      status: "registered" | "classified" | "dispatched" | "signed" | "handling" | "replied" | "evaluated" | "archived" | "merged" | "deflected" | "informed" | "withdrawn";
      created_at: string;
      title: string | null;
    };
  }[];
  next_cursor: string | null;
}

export type WhyArchived = "evaluated" | "unreachable" | "declined" | "no_evaluation_needed";

export type WhyInformed = "litigation" | "arbitration" | "discipline" | "reconsideration" | "petition" | "answered";

export interface WithdrawAskedData { of?: string | null; changed?: Changed; }

export interface WithdrawBody { reason?: "requester_asked" | "settled" | "by_mistake"; }

export interface WordsBody { text?: string | null; }

export interface Operations {
  "POST contacts": { query: Record<string, never>; body: ContactBody; answer: Accepted; };
  "GET contacts/{source}/{event_id}": { query: Record<string, never>; body: undefined; answer: ContactStatus; };
  "GET tickets": {
    query: {
      ids?: string | null;
      since?: number | null;
      channel?: string | null;
      status?: "registered" | "classified" | "dispatched" | "signed" | "handling" | "replied" | "evaluated" | "archived" | "merged" | "deflected" | "informed" | "withdrawn" | null;
      line?: "citizen" | "enterprise" | null;
      empty?: boolean | null;
      text?: string | null;
      name?: string | null;
      unit?: string | null;
      category?: string | null;
      division?: string | null;
      created_from?: string | null;
      created_to?: string | null;
      due_from?: string | null;
      due_to?: string | null;
      limit?: number;
      cursor?: string | null;
      order?: "oldest" | "newest";
    };
    body: undefined;
    answer: TicketPage;
  };
  "GET tickets/{ticket}": { query: { unmasked?: boolean; }; body: undefined; answer: Ticket; };
  "PATCH tickets/{ticket}": { query: { unmasked?: boolean; }; body: TicketPatch; answer: Ticket; };
  "GET tickets/{ticket}/events": { query: { after?: number; limit?: number; }; body: undefined; answer: EventPage; };
  "GET tickets/{ticket}/vcon": { query: Record<string, never>; body: undefined; answer: null; };
  "GET tickets/{ticket}/similar": { query: Record<string, never>; body: undefined; answer: SimilarList; };
  "POST tickets/{ticket}/actions/merge": { query: { unmasked?: boolean; }; body: MergeBody; answer: Ticket; };
  "POST tickets/{ticket}/actions/unmerge": { query: { unmasked?: boolean; }; body: undefined; answer: Ticket; };
  "GET tickets/{ticket}/same-requester": { query: Record<string, never>; body: undefined; answer: SameRequesterList; };
  "POST tickets/{ticket}/actions/same_requester": { query: { unmasked?: boolean; }; body: SameRequesterBody; answer: Ticket; };
  "POST tickets/{ticket}/actions/lift-secrecy": { query: { unmasked?: boolean; }; body: LiftSecrecyBody; answer: Ticket; };
  "POST tickets/{ticket}/actions/withdraw": { query: { unmasked?: boolean; }; body: WithdrawBody; answer: Ticket; };
  "POST tickets/{ticket}/actions/erase": { query: Record<string, never>; body: undefined; answer: Ticket; };
  "POST tickets/{ticket}/actions/dispatch": { query: { unmasked?: boolean; }; body: DispatchBody; answer: Ticket; };
  "POST tickets/{ticket}/actions/reply": { query: { unmasked?: boolean; }; body: CaseReplyBody; answer: Ticket; };
  "POST tickets/{ticket}/actions/evaluate": { query: { unmasked?: boolean; }; body: EvaluateBody; answer: Ticket; };
  "POST tickets/{ticket}/actions/archive": { query: { unmasked?: boolean; }; body: ArchiveBody; answer: Ticket; };
  "POST tickets/{ticket}/actions/reopen": { query: { unmasked?: boolean; }; body: ReasonBody; answer: Ticket; };
  "POST tickets/{ticket}/actions/inform": { query: { unmasked?: boolean; }; body: InformBody; answer: Ticket; };
  "POST tickets/{ticket}/actions/deflect": { query: { unmasked?: boolean; }; body: ReasonBody; answer: Ticket; };
  "POST tickets/{ticket}/actions/supervise": { query: { unmasked?: boolean; }; body: ReasonBody; answer: Ticket; };
  "POST tickets/{ticket}/actions/confer": { query: { unmasked?: boolean; }; body: ConferBody; answer: Ticket; };
  "GET tasks": {
    query: { unit?: string | null; open?: boolean | null; limit?: number; cursor?: string | null; };
    body: undefined;
    answer: TaskPage;
  };
  "GET overdue": {
    query: { unit?: string | null; limit?: number; cursor?: string | null; };
    body: undefined;
    answer: OverduePage;
  };
  "GET waiting": { query: { limit?: number; cursor?: string | null; }; body: undefined; answer: WaitingPage; };
  "GET tickets/{ticket}/notes": { query: { unmasked?: boolean; }; body: undefined; answer: NoteList; };
  "POST tickets/{ticket}/tasks/{task}/actions/sign": { query: { unmasked?: boolean; }; body: WordsBody; answer: Ticket; };
  "POST tickets/{ticket}/tasks/{task}/actions/return": { query: { unmasked?: boolean; }; body: ReasonBody; answer: Ticket; };
  "POST tickets/{ticket}/tasks/{task}/actions/uphold": { query: { unmasked?: boolean; }; body: WordsBody; answer: Ticket; };
  "POST tickets/{ticket}/tasks/{task}/actions/reassign": { query: { unmasked?: boolean; }; body: ReassignBody; answer: Ticket; };
  "POST tickets/{ticket}/tasks/{task}/actions/extend": { query: { unmasked?: boolean; }; body: ExtendBody; answer: Ticket; };
  "POST tickets/{ticket}/tasks/{task}/actions/pause": { query: { unmasked?: boolean; }; body: ReasonBody; answer: Ticket; };
  "POST tickets/{ticket}/tasks/{task}/actions/resume": { query: { unmasked?: boolean; }; body: WordsBody; answer: Ticket; };
  "POST tickets/{ticket}/tasks/{task}/actions/arrive": { query: { unmasked?: boolean; }; body: WordsBody; answer: Ticket; };
  "POST tickets/{ticket}/tasks/{task}/actions/respond": { query: { unmasked?: boolean; }; body: WordsBody; answer: Ticket; };
  "POST tickets/{ticket}/tasks/{task}/actions/reply": { query: { unmasked?: boolean; }; body: TaskReplyBody; answer: Ticket; };
  "POST tickets/{ticket}/tasks/{task}/actions/accept": { query: { unmasked?: boolean; }; body: WordsBody; answer: Ticket; };
  "POST tickets/{ticket}/tasks/{task}/actions/send_back": { query: { unmasked?: boolean; }; body: ReasonBody; answer: Ticket; };
  "GET tickets/{ticket}/case": { query: Record<string, never>; body: undefined; answer: Case; };
  "GET dispatch/suggestion": {
    query: { ticket?: string; crossing?: "enforcement" | "function" | null; };
    body: undefined;
    answer: Suggestion;
  };
  "POST tickets/{ticket}/actions/{verb}": { query: { unmasked?: boolean; }; body: ConfirmBody; answer: Ticket; };
  "GET tickets/{ticket}/recordings/{interaction}": { query: Record<string, never>; body: undefined; answer: null; };
  "GET attachments/{attachment}": { query: Record<string, never>; body: undefined; answer: null; };
  "GET channels": { query: Record<string, never>; body: undefined; answer: ChannelList; };
  "GET stream": { query: { after?: number | null; }; body: undefined; answer: null; };
  "GET callbacks": {
    query: {
      state?: "open" | "done" | "failed" | "cancelled" | "all";
      line?: "citizen" | "enterprise" | null;
      due_before?: string | null;
      has_phone?: boolean | null;
      limit?: number;
    };
    body: undefined;
    answer: CallbackList;
  };
  "POST callbacks/{callback}/actions/claim": { query: { unmasked?: boolean; }; body: undefined; answer: Callback; };
  "POST callbacks/{callback}/actions/attempt": { query: { unmasked?: boolean; }; body: AttemptBody; answer: Callback; };
  "POST callbacks/{callback}/actions/done": { query: { unmasked?: boolean; }; body: DoneBody; answer: Callback; };
  "POST callbacks/{callback}/actions/cancel": { query: { unmasked?: boolean; }; body: CancelBody; answer: Callback; };
  "GET refused-calls": { query: { hours?: number; limit?: number; }; body: undefined; answer: RefusedCallList; };
  "GET tickets/{ticket}/notices": { query: Record<string, never>; body: undefined; answer: NoticeList; };
  "GET feeds": { query: Record<string, never>; body: undefined; answer: FeedList; };
  "GET feeds/dead-letters": { query: { feed?: string | null; limit?: number; }; body: undefined; answer: DeadLetterList; };
  "POST feeds/{feed}/dead-letters/{event_seq}/replay": { query: Record<string, never>; body: undefined; answer: Replayed; };
  "POST feeds/{feed}/actions/replay": { query: Record<string, never>; body: ReplayBody; answer: ReplayStarted; };
  "POST feeds/{feed}/actions/release": { query: Record<string, never>; body: undefined; answer: Released; };
  "GET events/schemas/{type}/{version}": { query: Record<string, never>; body: undefined; answer: null; };
  "GET audit": {
    query: {
      ticket_id?: string | null;
      viewer?: string | null;
      what?: string | null;
      before?: string | null;
      limit?: number;
    };
    body: undefined;
    answer: AuditPage;
  };
  "GET fields": { query: Record<string, never>; body: undefined; answer: Fields; };
  "GET taxonomy": { query: Record<string, never>; body: undefined; answer: Taxonomy; };
  "GET units": { query: Record<string, never>; body: undefined; answer: Units; };
  "GET divisions": { query: Record<string, never>; body: undefined; answer: Divisions; };
  "POST tickets/{ticket}/updates": { query: Record<string, never>; body: CaseUpdateBody; answer: CaseUpdated; };
  "GET unit/tasks": { query: { open?: boolean; limit?: number; cursor?: string | null; }; body: undefined; answer: UnitTaskPage; };
  "GET unit/tasks/{task}": { query: Record<string, never>; body: undefined; answer: UnitTask; };
  "POST unit/tasks/{task}/actions/sign": { query: Record<string, never>; body: WordsBody; answer: UnitTask; };
  "POST unit/tasks/{task}/actions/return": { query: Record<string, never>; body: ReasonBody; answer: UnitTask; };
  "POST unit/tasks/{task}/actions/extend": { query: Record<string, never>; body: ExtendBody; answer: UnitTask; };
  "POST unit/tasks/{task}/actions/pause": { query: Record<string, never>; body: ReasonBody; answer: UnitTask; };
  "POST unit/tasks/{task}/actions/resume": { query: Record<string, never>; body: WordsBody; answer: UnitTask; };
  "POST unit/tasks/{task}/actions/arrive": { query: Record<string, never>; body: WordsBody; answer: UnitTask; };
  "POST unit/tasks/{task}/actions/respond": { query: Record<string, never>; body: WordsBody; answer: UnitTask; };
  "POST unit/tasks/{task}/actions/reply": { query: Record<string, never>; body: TaskReplyBody; answer: UnitTask; };
  "POST unit/tasks/{task}/notes": { query: Record<string, never>; body: UnitNoteBody; answer: UnitTask; };
  "POST unit/tasks/{task}/pictures": { query: { shows?: "before" | "after" | "evidence"; name?: string; }; body: undefined; answer: UnitTask; };
  "GET unit/tasks/{task}/pictures/{attachment}": { query: Record<string, never>; body: undefined; answer: null; };
  "POST session": { query: Record<string, never>; body: LoginBody; answer: Session; };
  "GET session": { query: Record<string, never>; body: undefined; answer: Session; };
  "DELETE session": { query: Record<string, never>; body: undefined; answer: null; };
  "POST session/password": { query: Record<string, never>; body: PasswordBody; answer: Session; };
  "GET openapi.json": { query: Record<string, never>; body: undefined; answer: OpenApi; };
}
