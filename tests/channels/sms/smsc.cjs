// An SMSC made of npm's "smpp", driven by one JSON object a line; tells what it hears the same way.
"use strict";
const path = require("path");
const readline = require("readline");
const smpp = require(path.join(process.argv[2], "node_modules", "smpp"));

const tell = (event) => process.stdout.write(JSON.stringify(event) + "\n");
let session = null;
let taken = 0;
let throttled = 0;

const server = smpp.createServer((peer) => {
  peer.on("error", () => {});
  peer.on("close", () => { if (session === peer) session = null; });
  peer.on("bind_transceiver", (pdu) => {
    const good = pdu.system_id === "gateway" && pdu.password === "Geh3im!";
    peer.send(pdu.response(good ? {} : { command_status: smpp.ESME_RINVPASWD }));
    if (good) { session = peer; tell({ event: "bound", version: pdu.interface_version }); }
  });
  peer.on("enquire_link", (pdu) => { peer.send(pdu.response()); tell({ event: "enquired" }); });
  peer.on("unbind", (pdu) => { peer.send(pdu.response()); tell({ event: "unbound" }); });
  peer.on("submit_sm", (pdu) => {
    if (throttled > 0) {
      throttled -= 1;
      peer.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
      return;
    }
    taken += 1;
    const message = pdu.short_message;
    tell({
      event: "submitted", to: pdu.destination_addr, from: pdu.source_addr, coding: pdu.data_coding,
      esm: pdu.esm_class, text: message.message, udh: message.udh ? message.udh.map((one) => one.toString("hex")) : null,
    });
    peer.send(pdu.response({ message_id: `N${taken}` }));
  });
});

server.listen(0, "127.0.0.1", () => tell({ event: "listening", port: server.address().port }));

readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const asked = JSON.parse(line);
  if (asked.op === "drop") { session.socket.destroy(); return; }
  if (asked.op === "throttle") { throttled = asked.times; tell({ event: "throttling" }); return; }
  const fields = { source_addr: asked.from, destination_addr: "12345", esm_class: asked.esm || 0 };
  if (asked.coding !== undefined) fields.data_coding = asked.coding;
  if (asked.payload) fields.message_payload = { message: asked.payload };
  else if (asked.hex) fields.short_message = { udh: asked.udh && Buffer.from(asked.udh, "hex"), message: Buffer.from(asked.hex, "hex") };
  else fields.short_message = asked.text;
  session.deliver_sm(fields, (pdu) => tell({ event: "answered", id: asked.id, status: pdu.command_status }));
}).on("close", () => process.exit(0));
