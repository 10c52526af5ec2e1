// Reads and writes the sandbox with jsforce, unmodified.
const assert = require('node:assert');
const jsforce = require('jsforce');

const env = process.env;
const users = Number(env.SANDBOX_USERS);
const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';

function connection() {
  return new jsforce.Connection({ oauth2: { loginUrl: env.SANDBOX_LOGIN, clientId: env.SANDBOX_KEY }, version: '67.0' });
}

// Reads the app's metadata and deploys another certificate into it, over SOAP and over REST.
async function rotate(conn) {
  const type = 'ExtlClntAppGlobalOauthSettings';
  conn.metadata.pollInterval = 10;

  const listed = await conn.metadata.list([{ type }], '67.0');
  assert.deepStrictEqual(listed.map((file) => [file.type, file.fullName]), [[type, 'Connector_glbloauth']]);
  const fullName = listed[0].fullName;
  const settings = await conn.metadata.read(type, fullName);
  assert.deepStrictEqual([settings.fullName, settings.consumerKey], [fullName, env.SANDBOX_KEY]);
  assert.strictEqual(settings.isPkceRequired, 'false');
  assert.match(settings.certificate, /^-----BEGIN CERTIFICATE-----/);
  await assert.rejects(conn.metadata.list([{ type: 'Nothing' }]), { errorCode: 'sf:INVALID_TYPE' });

  const unpackaged = { types: [{ members: [fullName], name: type }], version: '67.0' };
  const retrieved = await conn.metadata.retrieve({ apiVersion: '67.0', singlePackage: true, unpackaged }).complete();
  assert.deepStrictEqual([retrieved.success, retrieved.status], [true, 'Succeeded']);
  assert.deepStrictEqual(retrieved.fileProperties.map((file) => file.fullName), [fullName]);
  assert.strictEqual(Buffer.from(retrieved.zipFile, 'base64').subarray(0, 2).toString(), 'PK');

  // What was retrieved can be deployed as it is, and changes nothing.
  const zip = Buffer.from(retrieved.zipFile, 'base64');
  const options = { singlePackage: true, rollbackOnError: true };
  const same = await conn.metadata.deploy(zip, options).complete(true);
  assert.deepStrictEqual([same.success, same.numberComponentErrors], [true, 0]);
  assert.ok(same.details.componentSuccesses.some((component) => component.fullName === fullName));

  const taken = await conn.metadata.deployRest(Buffer.from(env.SANDBOX_PACKAGE, 'base64'), options);
  let status = taken.deployResult;
  assert.strictEqual(status.status, 'Pending');
  while (!status.done) status = await conn.metadata.checkDeployStatus(taken.id, true, true);
  assert.deepStrictEqual([status.status, status.numberComponentsDeployed], ['Succeeded', 1]);
}

async function write(conn) {
  const profile = await conn.sobject('Profile').findOne({ Name: 'Standard User' }, ['Id']);
  const person = (number) => ({
    Username: `javascript.${number}@new.example`, LastName: 'Roe', Alias: 'jroe', Email: 'javascript@new.example',
    ProfileId: profile.Id, TimeZoneSidKey: 'Europe/Rome', LocaleSidKey: 'it_IT', LanguageLocaleKey: 'it',
    EmailEncodingKey: 'UTF-8', IsActive: true,
  });
  const made = await conn.sobject('User').create(person(1));
  assert.deepStrictEqual([made.success, made.errors], [true, []]);
  const updated = await conn.sobject('User').update({ Id: made.id, Title: 'Analyst' });
  assert.deepStrictEqual([updated.id, updated.success], [made.id, true]);
  assert.strictEqual((await conn.sobject('User').retrieve(made.id)).Title, 'Analyst');
  await assert.rejects(conn.sobject('User').create(person(1)), { errorCode: 'DUPLICATE_USERNAME' });
  await assert.rejects(conn.sobject('User').update({ Id: made.id, Email: 'nobody' }), {
    errorCode: 'INVALID_EMAIL_ADDRESS', message: 'Email: invalid email address: nobody',
  });

  const people = await conn.sobject('User').create([person(1), person(2), person(3)]);
  assert.deepStrictEqual(people.map((row) => row.success), [false, true, true]);
  assert.strictEqual(people[0].errors[0].statusCode, 'DUPLICATE_USERNAME');
  const ids = people.slice(1).map((row) => row.id);
  const changed = await conn.sobject('User').update(ids.map((Id) => ({ Id, Department: 'Sales' })));
  assert.ok(changed.every((row) => row.success));
  const retrieved = await conn.sobject('User').retrieve(ids, { fields: ['Id', 'Department'] });
  assert.deepStrictEqual(retrieved.map((row) => row.Department), ['Sales', 'Sales']);

  const set = await conn.sobject('PermissionSet').findOne({ Name: 'Sales_Ops' }, ['Id']);
  const grants = ids.map((AssigneeId) => ({ AssigneeId, PermissionSetId: set.Id }));
  const granted = await conn.sobject('PermissionSetAssignment').create(grants);
  assert.ok(granted.every((row) => row.success));
  const again = await conn.sobject('PermissionSetAssignment').create(grants, { allOrNone: true });
  assert.ok(again.every((row) => row.errors[0].statusCode === 'DUPLICATE_VALUE'));
  const revoked = await conn.sobject('PermissionSetAssignment').destroy(granted.map((row) => row.id));
  assert.ok(revoked.every((row) => row.success));
  await assert.rejects(conn.sobject('PermissionSetAssignment').destroy(granted[0].id), {
    errorCode: 'ENTITY_IS_DELETED',
  });

  const base = `/services/data/v${conn.version}`;
  await conn.requestPost(`${base}/sobjects/User/${made.id}/password`, { NewPassword: 'correct horse 1' });
  await assert.rejects(conn.requestPost(`${base}/sobjects/User/${made.id}/password`, { NewPassword: 'weak' }));
  const composite = await conn.requestPost(`${base}/composite`, {
    allOrNone: true,
    compositeRequest: [
      { method: 'POST', url: `${base}/sobjects/User`, referenceId: 'u', body: person(4) },
      { method: 'PATCH', url: `${base}/sobjects/User/@{u.id}`, referenceId: 'p', body: { Title: 'Boss' } },
    ],
  });
  assert.deepStrictEqual(composite.compositeResponse.map((part) => part.httpStatusCode), [201, 204]);

  await conn.sobject('User').update({ Id: made.id, IsActive: false });
  assert.strictEqual((await conn.sobject('User').retrieve(made.id)).IsActive, false);
}

async function main() {
  const conn = connection();
  const userInfo = await conn.authorize({ grant_type: jwtBearer, assertion: env.SANDBOX_ASSERTION });
  assert.strictEqual(conn.instanceUrl, env.SANDBOX_INSTANCE);
  assert.ok(userInfo.id.startsWith('005') && userInfo.organizationId.startsWith('00D'));

  const identity = await conn.identity();
  assert.strictEqual(identity.username, env.SANDBOX_USERNAME);
  assert.strictEqual(identity.user_id, userInfo.id);

  const soql = 'SELECT Id, Username, Profile.UserLicense.Name, CreatedDate FROM User';
  const first = await conn.query(soql);
  assert.deepStrictEqual([first.totalSize, first.done, first.records.length], [users, false, 2000]);
  const rest = await conn.queryMore(first.nextRecordsUrl);
  assert.deepStrictEqual([rest.done, rest.records.length], [true, users - 2000]);

  const records = await conn.query(soql).run({ autoFetch: true, maxFetch: 1000000 });
  assert.strictEqual((records.records || records).length, users);

  const found = await conn.sobject('User').find({ IsActive: false }, ['Id', 'Name']).limit(5).execute();
  assert.strictEqual(found.length, 5);
  const one = await conn.sobject('User').retrieve(found[0].Id);
  assert.strictEqual(one.Name, found[0].Name);

  const describe = await conn.sobject('User').describe();
  assert.ok(describe.fields.some((field) => field.name === 'Cost_Center__c' && field.custom));
  const global = await conn.describeGlobal();
  assert.ok(global.sobjects.some((object) => object.name === 'PermissionSetAssignment'));
  const limits = await conn.limits();
  assert.strictEqual(limits.DailyApiRequests.Max, 100000);
  assert.strictEqual(conn.limitInfo.apiUsage.limit, 100000);

  // A query job, its results page by page.
  const job = await conn.bulk2.query('SELECT Id, Username, Profile.Name FROM User', { pollInterval: 100 });
  const rows = await job.toArray();
  assert.strictEqual(rows.length, users);
  assert.strictEqual(rows[0]['Profile.Name'], 'Identity Integration');

  await assert.rejects(conn.query('SELECT Id, Foo FROM User'), { errorCode: 'INVALID_FIELD' });
  await assert.rejects(conn.query('SELECT Id FROM Nothing'), { errorCode: 'INVALID_TYPE' });
  await assert.rejects(connection().authorize({ grant_type: jwtBearer, assertion: 'a.b.c' }), (error) => {
    assert.strictEqual(error.name, 'invalid_grant');
    assert.strictEqual(error.message, 'invalid assertion');
    return true;
  });

  await write(conn);
  await rotate(conn);

  await conn.oauth2.revokeToken(conn.accessToken);
  // With nothing to sign in again with, the client hands the org's error on.
  const expired = new jsforce.Connection({ instanceUrl: conn.instanceUrl, accessToken: conn.accessToken });
  await assert.rejects(expired.query('SELECT Id FROM User'), { errorCode: 'INVALID_SESSION_ID' });
  console.log('read and written with jsforce');
}

main().catch((error) => {
  console.error(error);
  process.exit(1);
});
