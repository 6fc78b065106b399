// WeChat's side, written on two packages that share no code with us: one request a line on stdin, one answer a line.
"use strict";
const [, , folder] = process.argv;
const { createRequire } = require("node:module");
const load = createRequire(folder + "/");
const wecom = load("@wecom/crypto");
const OfficialAccount = load("wechat-crypto");

const operations = {
  "wechat-crypto": {
    seal({ token, key, id, text, timestamp, nonce }) {
      const peer = new OfficialAccount(token, key, id);
      const encrypted = peer.encrypt(text);
      return { encrypted, signature: peer.getSignature(timestamp, nonce, encrypted) };
    },
    open: ({ token, key, id, encrypted }) => new OfficialAccount(token, key, id).decrypt(encrypted),
  },
  "@wecom/crypto": {
    seal({ token, key, id, text, timestamp, nonce }) {
      const encrypted = wecom.encrypt(key, text, id);
      return { encrypted, signature: wecom.getSignature(token, timestamp, nonce, encrypted) };
    },
    open: ({ key, encrypted }) => wecom.decrypt(key, encrypted),
  },
};

require("node:readline")
  .createInterface({ input: process.stdin })
  .on("line", (line) => {
    const { peer, operation, ...given } = JSON.parse(line);
    process.stdout.write(JSON.stringify(operations[peer][operation](given)) + "\n");
  });
