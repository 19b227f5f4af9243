// Another build of Cedar, in WebAssembly and of another version, answers the requests that the test
// `oracle::requests_of_samples_and_cases_are_written_for_another_engine` wrote into target/oracle. It parses the policies' text, the schema and the
// entities itself. Decision and reasons must be the same.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { test } from "node:test";
import cedar from "@cedar-policy/cedar-wasm/nodejs";

const folder = new URL("../../target/oracle/", import.meta.url);
const schema = readFileSync(new URL("../../policies/schema.cedarschema", import.meta.url), "utf8");
const files = readdirSync(folder).filter((name) => name.endsWith(".json"));
let asked = 0;

function prepared(name, exported) {
  exported.sets.forEach((ids, at) => {
    const staticPolicies = Object.fromEntries(ids.map((id) => [id, exported.policies[id]]));
    const answer = cedar.preparsePolicySet(`${name}/${at}`, { staticPolicies });
    assert.equal(answer.type, "success", JSON.stringify(answer));
  });
}

test("the schema is one", () => {
  const answer = cedar.preparseSchema("aedile", schema);
  assert.equal(answer.type, "success", JSON.stringify(answer));
});

for (const name of files) {
  test(`${name}: same decisions, same reasons`, () => {
    const exported = JSON.parse(readFileSync(new URL(name, folder), "utf8"));
    prepared(name, exported);
    const wrong = [];
    for (const request of exported.requests) {
      const { principal, action, resource, context, entities } = request;
      const answer = cedar.statefulIsAuthorized({
        principal,
        action,
        resource,
        context,
        entities,
        preparsedPolicySetId: `${name}/${request.set}`,
        preparsedSchemaName: "aedile",
        validateRequest: true,
      });
      asked += 1;
      if (answer.type !== "success") {
        wrong.push([resource.id, action.id, answer.errors]);
        continue;
      }
      const { decision, diagnostics } = answer.response;
      const reasons = decision === "deny" ? [...diagnostics.reason].sort() : [];
      const errors = diagnostics.errors.map((error) => error.policyId).sort();
      const same =
        (decision === "allow") === request.allowed &&
        JSON.stringify(reasons) === JSON.stringify(request.reasons) &&
        JSON.stringify(errors) === JSON.stringify(request.errors);
      if (!same) wrong.push([resource.id, action.id, decision, reasons, request.allowed, request.reasons, errors]);
    }
    assert.deepEqual(wrong.slice(0, 5), [], `${wrong.length} of ${exported.requests.length} differ`);
  });
}

test("at least a thousand requests were compared, some of them denied", () => {
  const denied = files.flatMap((name) =>
    JSON.parse(readFileSync(new URL(name, folder), "utf8")).requests.filter((request) => !request.allowed),
  );
  assert.ok(asked >= 1000, `${asked} requests`);
  assert.ok(denied.length >= 100, `${denied.length} denials`);
  console.log(`${asked} requests answered by cedar-wasm ${cedar.getCedarSDKVersion()}, ${denied.length} of them denials`);
});
