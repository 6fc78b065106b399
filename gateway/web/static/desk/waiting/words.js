// Words of the centre's queue.
export const zh = {
  waitingTitle: "待办理",
  waitingNone: "没有待中心办理的事项",
  waitingNoneHint: "职责不清的派单、退单、待批的答复与延期、诉求人的不满意会列在这里，按期限排列；回访在“待回拨”。",
};
/** @type {typeof zh} */
export const en = {
  waitingTitle: "To decide",
  waitingNone: "Nothing waits for the centre",
  waitingNoneHint: "Tickets without a clear unit, returns, replies and extensions to approve, and discontent appear here, the nearest due first. Whom to call stands under Callbacks.",
};
