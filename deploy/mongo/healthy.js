// Healthy is: writable. At the first start it makes the server a replica set of one, which retryable writes need.
const fs = require("fs");
db.getSiblingDB("admin").auth("root", fs.readFileSync("/run/secrets/mongo_root_password", "utf8").trim());
try {
  rs.status();
} catch (error) {
  if (error.codeName !== "NotYetInitialized") throw error;
  rs.initiate({ _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] });
}
if (!db.hello().isWritablePrimary) quit(1);
