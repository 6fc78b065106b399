// Words of the centre's queue.
export const zh = {
  waitingTitle: "待办理",
  waitingNone: "没有待中心办理的事项",
  waitingNoneHint: "待派单和职责不清的工单、退单、待批的答复、延期与挂起、待回复的诉求人、诉求人的不满意会列在这里，按期限排列；回访在“待回拨”。",
};
/** @type {typeof zh} */
export const en = {
  waitingTitle: "To decide",
  waitingNone: "Nothing waits for the centre",
  waitingNoneHint: "Tickets to give out or without a clear unit, returns, replies, extensions and pauses to approve, requesters to answer, and discontent appear here, the nearest due first. Whom to call stands under Callbacks.",
};
