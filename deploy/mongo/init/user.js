// Runs once, on an empty database: the services' user, who may read and write their database and nothing else.
const fs = require("fs");
db.getSiblingDB("petfectior").createUser({
  user: "petfectior",
  pwd: fs.readFileSync("/run/secrets/mongo_password", "utf8").trim(),
  roles: [{ role: "readWrite", db: "petfectior" }],
});
