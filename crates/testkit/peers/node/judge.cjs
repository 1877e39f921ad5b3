// Judges what we send, by libraries that we did not write: judge.cjs MODULES webhook|card, JSON on standard input.
const path = require("node:path");
const [modules, what] = process.argv.slice(2);
const from = (name) => require(path.join(modules, name));
let text = "";
process.stdin.on("data", (chunk) => (text += chunk));
process.stdin.on("end", () => {
  const question = JSON.parse(text);
  if (what === "webhook") {
    const { Webhook } = from("standardwebhooks");
    for (const secret of question.secrets) new Webhook(secret).verify(question.body, question.headers);
  } else if (what === "card") {
    const { AdaptiveCard, SerializationContext, Versions } = from("adaptivecards/dist/adaptivecards.js");
    for (const asked of question) {
      const card = new AdaptiveCard();
      const context = new SerializationContext(Versions.v1_4);
      card.parse(asked, context);
      const events = [];
      for (let at = 0; at < context.eventCount; at++) events.push(context.getEventAt(at).message);
      const failed = card.validateProperties().validationEvents.map((event) => event.message);
      if (events.length + failed.length > 0) throw new Error([...events, ...failed].join("; "));
      // What it understood is what was meant: every text is still there.
      const understood = JSON.stringify(card.toJSON());
      for (const element of asked.body)
        for (const inline of element.inlines)
          if (!understood.includes(JSON.stringify(inline.text))) throw new Error(`lost: ${inline.text}`);
    }
  } else throw new Error("what?");
  console.log("good");
});
