// Reads the rows of some queries with jsforce and counts them. Arguments: `rest` or `bulk`, then the queries.
require('node:events').defaultMaxListeners = 0;
const jsforce = require('jsforce');

const [transport, ...queries] = process.argv.slice(2);
const conn = new jsforce.Connection({
  instanceUrl: process.env.ORG_INSTANCE, accessToken: process.env.ORG_TOKEN, version: '67.0',
});
conn.bulk2.pollInterval = 100;
conn.bulk2.pollTimeout = 600_000;

function count(stream) {
  return new Promise((resolve, reject) => {
    let rows = 0;
    stream.on('record', () => { rows += 1; }).on('end', () => resolve(rows)).on('error', reject);
  });
}

async function main() {
  let rows = 0;
  for (const query of queries) {
    if (transport === 'rest') {
      const found = conn.query(query);
      const counted = count(found);
      found.run({ autoFetch: true, maxFetch: 100_000_000 });
      rows += await counted;
    } else {
      rows += await count(await conn.bulk2.query(query));
    }
  }
  console.log(rows);
}

main().catch((error) => { console.error(error); process.exit(1); });
