// Parts of what the API answers, by names of their own.
import type { ChannelList, FeedList, Interaction, SameRequesterList, SimilarList, Ticket } from "./openapi.d.ts";

export type Attachment = Ticket["attachments"][number];
export type Guess = Ticket["prefill"]["fields"][string];
export type Mention = Ticket["prefill"]["mentions"][number];
export type Segment = NonNullable<Interaction["transcript"]>[number];
export type Message = NonNullable<Interaction["messages"]>[number];
export type Channel = ChannelList["items"][number];
export type Feed = FeedList["items"][number];
export type Similar = SimilarList["items"][number];
export type SameRequester = SameRequesterList["items"][number];
