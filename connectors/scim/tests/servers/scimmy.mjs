// A server made of scimmy and scimmy-routers, with users and groups in memory. Arguments: the port and the token.
import { createRequire } from "node:module";
import { join } from "node:path";

const [port, token, folder] = process.argv.slice(2);
const require = createRequire(join(folder, "package.json"));
const express = require("express");
const SCIMMY = require("scimmy").default ?? require("scimmy");
const Routers = require("scimmy-routers").default ?? require("scimmy-routers");

function declare(type) {
    const all = new Map();
    let next = 1;
    SCIMMY.Resources.declare(type)
        .ingress((resource, instance) => {
            const id = resource.id ?? `${type.name.toLowerCase()}-${String(next++).padStart(5, "0")}`;
            const old = all.get(id);
            if (resource.id && !old) throw new SCIMMY.Types.Error(404, null, `Resource ${id} not found`);
            const now = new Date().toISOString();
            const taken = [...all.values()].find((one) => one.userName && one.userName === instance.userName && one.id !== id);
            if (taken) throw new SCIMMY.Types.Error(409, "uniqueness", "userName is taken");
            const created = old?.meta.created ?? now;
            const copy = JSON.parse(JSON.stringify(instance));
            all.set(id, { ...copy, id, meta: { resourceType: type.name, created, lastModified: now } });
            return all.get(id);
        })
        .egress((resource) => {
            if (resource.id) {
                const one = all.get(resource.id);
                if (!one) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
                return one;
            }
            const rows = [...all.values()];
            return resource.filter ? resource.filter.match(rows) : rows;
        })
        .degress((resource) => {
            if (!all.delete(resource.id)) throw new SCIMMY.Types.Error(404, null, `Resource ${resource.id} not found`);
        });
}

declare(SCIMMY.Resources.User);
declare(SCIMMY.Resources.Group);
const app = express();
app.use("/scim/v2", new Routers({
    type: "bearer",
    handler: (request) => {
        if (request.header("Authorization") !== `Bearer ${token}`) throw new Error("who are you?");
        return "connector";
    },
}));
app.listen(Number(port), "127.0.0.1");
