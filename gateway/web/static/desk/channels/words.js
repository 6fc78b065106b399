// Words of the page of channels.
export const zh = {
  channelHealth: "渠道状态",
  noChannels: "没有配置任何渠道",
  channelWell: "正常",
  channelTroubles: {
    stopped: "没有运行", not_ready: "尚未就绪", silent: "比平时安静", disconnected: "连接断开", token: "凭据失效", failing: "很多消息发不出去",
  },
  channelsUnwell: (/** @type {number} */ n) => `${n} 个渠道异常`,
  lastHeard: "最近一次来",
  never: "还没有",
  received: "收到",
  sent: "发出",
  waiting: "等待发送",
  refusedCount: "拒绝",
};

/** @type {typeof zh} */
export const en = {
  channelHealth: "Channels",
  noChannels: "No channel is configured",
  channelWell: "Well",
  channelTroubles: {
    stopped: "Not running", not_ready: "Not ready", silent: "Quieter than usual", disconnected: "Disconnected", token: "Credential refused", failing: "Many messages fail",
  },
  channelsUnwell: (n) => `${n} ${n === 1 ? "channel" : "channels"} unwell`,
  lastHeard: "Last heard",
  never: "never",
  received: "Received",
  sent: "Sent",
  waiting: "Waiting",
  refusedCount: "Refused",
};
