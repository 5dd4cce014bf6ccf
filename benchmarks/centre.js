// A service centre made of node's smpp that writes down who was submitted to, and when, before it answers:
//   node centre.js MODULE PORT LATENCY_MS DIE_AFTER LOG
// It kills itself without a word once it has taken DIE_AFTER submits (0: never); what is written down stays.
const fs = require("fs");
const smpp = require(process.argv[2]);
const [port, latency, dieAfter] = process.argv.slice(3, 6).map(Number);
const log = fs.openSync(process.argv[6], "a");
let taken = 0;
let ids = Date.now();

const server = smpp.createServer((session) => {
  const enter = (pdu) => session.send(pdu.response({ system_id: "NODE" }));
  session.on("bind_transceiver", enter);
  session.on("bind_transmitter", enter);
  session.on("bind_receiver", enter);
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => { session.send(pdu.response()); session.close(); });
  session.on("error", () => {});
  session.on("submit_sm", (pdu) => {
    fs.writeSync(log, `${Date.now() / 1000} ${pdu.destination_addr}\n`);
    if (++taken === dieAfter) process.kill(process.pid, "SIGKILL");
    const id = String(++ids);
    const answer = () => {
      session.send(pdu.response({ message_id: id }));
      if (pdu.registered_delivery & 1) {
        session.deliver_sm({
          source_addr: pdu.destination_addr, source_addr_ton: 1, source_addr_npi: 1,
          destination_addr: pdu.source_addr, esm_class: 4, receipted_message_id: id, message_state: 2,
          short_message: `id:${id} sub:001 dlvrd:001 submit date:2611221015 done date:2611221016 stat:DELIVRD err:000 text:`,
        });
      }
    };
    if (latency) setTimeout(answer, latency); else answer();
  });
});
server.on("error", () => {});
server.listen(port, "127.0.0.1", function () { process.stdout.write(`${this.address().port}\n`); });
process.stdin.on("end", () => process.exit(0)).resume();
