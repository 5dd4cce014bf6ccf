// A service centre made of node's smpp, a program of its own: says its port, then a line of JSON for each submit_sm.
// Everything in the lines is what that library has read. With "quiet" as second argument it only answers, which is what
// a benchmark wants.
const smpp = require(process.argv[2]);
const quiet = process.argv[3] === "quiet";
const say = (what) => process.stdout.write(JSON.stringify(what) + "\n");
let ids = 0;

const server = smpp.createServer((session) => {
  const enter = (pdu) => {
    const known = quiet || (pdu.system_id === "scserv" && pdu.password === "secret");
    session.send(pdu.response({ command_status: known ? 0 : smpp.ESME_RBINDFAIL, system_id: "NODE" }));
  };
  session.on("bind_transceiver", enter);
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => { session.send(pdu.response()); session.close(); });
  session.on("error", () => {});
  session.on("submit_sm", (pdu) => {
    const id = String(++ids);
    session.send(pdu.response({ message_id: id }));
    if (quiet) return;
    const held = pdu.short_message;
    say({
      sender: pdu.source_addr, ton: pdu.source_addr_ton, npi: pdu.source_addr_npi, recipient: pdu.destination_addr,
      coding: pdu.data_coding, esm_class: pdu.esm_class,
      udh: held.udh ? Buffer.concat(held.udh.map ? held.udh : [held.udh]).toString("hex") : null,
      text: held.message, mark: pdu.user_message_reference,
    });
    session.deliver_sm({
      source_addr: pdu.destination_addr, source_addr_ton: 1, source_addr_npi: 1, destination_addr: pdu.source_addr,
      esm_class: 4, receipted_message_id: id, message_state: 2,
      short_message: `id:${id} sub:001 dlvrd:001 submit date:2611221015 done date:2611221016 stat:DELIVRD err:000 text:`,
    });
  });
});
server.on("error", () => {});
server.listen(0, "127.0.0.1", function () { say({ port: this.address().port }); });
