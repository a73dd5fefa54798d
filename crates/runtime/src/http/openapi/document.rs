//! From operations to the document.

use std::sync::Arc;

use protocol::ProblemKind;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Answer, Content, Operation, Parameter, headers, page, tags};
use crate::http::api::Table;
use crate::http::auth::Access;
use crate::http::problem::catalogue::{self, Catalogue};

/// The description of an API, the table of what it takes, and the problems that it answers with.
#[derive(Clone, Debug)]
pub struct Document {
    value: Value,
    table: Arc<Table>,
    problems: Catalogue,
}

/// A problem, as RFC 9457 has it. Kinds of problems have more members.
#[derive(Serialize, JsonSchema)]
struct Problem {
    /// The kind of problem, which is promised to clients: the path of its explanation, at the process that has
    /// answered. `/problems` lists all of them.
    #[schemars(regex(pattern = "^/problems/[a-z-]+$"), extend("format" = "uri-reference"))]
    r#type: String,
    /// The kind of problem, for people.
    title: String,
    /// The status of the response.
    status: u16,
    /// What exactly is wrong in this case, and what to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
}

/// Schemas of what is taken, each whole where it stands, and of what is given, each by its name: a
/// type with defaults has one shape as it is read and another as it is written.
struct Schemas {
    taken: SchemaGenerator,
    given: SchemaGenerator,
    problems: Catalogue,
}

impl Document {
    /// Of one service's operations, and of the problems that it answers with besides those of every
    /// process.
    #[must_use]
    pub fn new(
        title: &str,
        description: &str,
        operations: Vec<Operation>,
        problems: &[&[&'static ProblemKind]],
    ) -> Self {
        let problems = Catalogue::with(problems);
        let mut schemas = Schemas::new(problems.clone());
        let mut paths = Map::new();
        let of_all = page::operations().into_iter().chain(catalogue::operations());
        let all: Vec<Operation> = operations.into_iter().chain(of_all).collect();
        let shown = || all.iter().filter(|operation| !operation.is_hidden);
        for operation in shown() {
            let mut described = schemas.operation(operation);
            described["tags"] = json!([operation.tag.unwrap_or(title)]);
            let path = paths.entry(operation.path).or_insert_with(|| json!({}));
            if let Value::Object(methods) = path {
                methods.insert(operation.method.to_owned(), described);
            }
        }
        let components = schemas.given.take_definitions(true);
        let value = json!({
            "openapi": "3.1.0",
            "info": {
                "title": title,
                "description": description,
                "version": env!("CARGO_PKG_VERSION"),
                "license": { "name": "Apache-2.0", "identifier": "Apache-2.0" },
            },
            "servers": [{ "url": "/", "description": "The process that this document is of" }],
            "tags": tags::described(title, description, shown().map(|operation| operation.tag)),
            "externalDocs": { "url": "/problems", "description": "Every problem, explained" },
            "paths": paths,
            "components": {
                "schemas": components,
                "headers": headers::components(),
                "securitySchemes": security_schemes(),
            },
        });
        Self { value, table: Arc::new(Table::of(&all)), problems }
    }

    /// The problems that the API answers with.
    #[must_use]
    pub const fn problems(&self) -> &Catalogue {
        &self.problems
    }

    /// What is at which path.
    pub(in crate::http) const fn table(&self) -> &Arc<Table> {
        &self.table
    }

    /// The document.
    #[must_use]
    pub const fn value(&self) -> &Value {
        &self.value
    }
}

impl Schemas {
    fn new(problems: Catalogue) -> Self {
        let settings = SchemaSettings::draft2020_12().with(|settings| {
            settings.meta_schema = None;
            settings.definitions_path = "/components/schemas".into();
        });
        let taken = settings.clone().for_deserialize().with(|settings| {
            settings.inline_subschemas = true;
        });
        let given = settings.for_serialize().into_generator();
        Self { taken: taken.into_generator(), given, problems }
    }

    fn operation(&mut self, operation: &Operation) -> Value {
        let mut parameters = self.path_parameters(operation.path, operation.at);
        for parameter in &operation.parameters {
            parameters.push(self.parameter(parameter));
        }
        let mut described = json!({
            "summary": operation.summary,
            "operationId": operation_id(operation),
            "parameters": parameters,
            "security": security(operation.access),
            "responses": self.answers(operation),
        });
        if let Some(body) = operation.body {
            let mut content = json!({ "schema": body(&mut self.taken) });
            if let Some(example) = &operation.example {
                content["example"] = example.clone();
            }
            let content = json!({ "application/json": content });
            described["requestBody"] = json!({ "required": true, "content": content });
        }
        described
    }

    fn path_parameters(&mut self, path: &str, at: &[&str]) -> Vec<Value> {
        let named = |part: &str| Some(part.strip_prefix('{')?.strip_suffix('}')?.to_owned());
        let id = self.taken.subschema_for::<protocol::Id>();
        let describe = |(nth, name): (usize, String)| {
            let mut described =
                json!({ "name": name, "in": "path", "required": true, "schema": id });
            if let Some(example) = at.get(nth) {
                described["example"] = json!(example);
            }
            described
        };
        path.split('/').filter_map(named).enumerate().map(describe).collect()
    }

    fn parameter(&mut self, parameter: &Parameter) -> Value {
        let Parameter { place, name, description, required, schema, example } = parameter;
        let schema: Schema = schema(&mut self.taken);
        let mut described = json!({
            "name": name, "in": place, "description": description, "required": required,
            "schema": schema,
        });
        if let Some(example) = example {
            described["example"] = json!(example);
        }
        described
    }

    /// One status may be answered in several media types; the last description is of all of them.
    fn answers(&mut self, operation: &Operation) -> Value {
        let mut all = Map::new();
        for Answer { status, description, content } in &operation.answers {
            let (media_type, schema) = self.content(content);
            let answer = all.entry(status.to_string()).or_insert_with(|| json!({}));
            answer["description"] = json!(match content {
                Content::Problem => format!("{description}.{}", self.problems_of(*status)),
                Content::Json(_) | Content::Text(_) => (*description).to_owned(),
            });
            answer["content"][media_type] = json!({ "schema": schema });
            let headers = headers::of(operation, *status);
            if !headers.is_empty() {
                answer["headers"] = Value::Object(headers);
            }
        }
        Value::Object(all)
    }

    /// The kinds of problem that this process answers with under a status, each with a link to what explains it;
    /// empty where there are none.
    fn problems_of(&self, status: u16) -> String {
        let kinds = self.problems.kinds().filter(|kind| kind.statuses.contains(&status));
        let links: Vec<_> = kinds.map(|kind| format!("[{}]({})", kind.slug, kind.url())).collect();
        if links.is_empty() { String::new() } else { format!(" Kinds: {}.", links.join(", ")) }
    }

    fn content(&mut self, content: &Content) -> (&'static str, Value) {
        match content {
            Content::Json(schema) => ("application/json", json!(schema(&mut self.given))),
            Content::Problem => {
                ("application/problem+json", json!(self.given.subschema_for::<Problem>()))
            }
            Content::Text(media_type) => (media_type, json!({ "type": "string" })),
        }
    }
}

/// The name of the one way to say who one is.
const SCHEME: &str = "bearer";

fn security_schemes() -> Value {
    let description = "A token, as Authorization: Bearer TOKEN. Each operation names the scope that \
        it has to have: read, write, price or operate.";
    json!({ SCHEME: { "type": "http", "scheme": "bearer", "description": description } })
}

/// The scope, as the role that OpenAPI has for it; an empty one where it can do without.
fn security(access: Access) -> Value {
    let role = access.scope().map(|scope| json!({ SCHEME: [scope.name()] }));
    match access {
        Access::Anybody => json!([]),
        Access::OnThisMachine => json!([{}, role]),
        Access::Holders => json!([{ SCHEME: [] }]),
        Access::Only(_) => json!([role]),
    }
}

fn operation_id(Operation { method, path, .. }: &Operation) -> String {
    let words = path.split(['/', '-', '{', '}', '.']).filter(|word| !word.is_empty());
    words.fold((*method).to_owned(), |id, word| id + "_" + word)
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::http::auth::Scope;

    #[derive(Serialize, Deserialize, JsonSchema)]
    #[serde(deny_unknown_fields)]
    struct Mug {
        id: protocol::Id,
        #[serde(default)]
        colour: String,
    }

    fn document() -> Value {
        let put =
            Operation::command(Scope::Write, "put", "/mugs/{id}", "Change a mug").body::<Mug>();
        let put = put.answers::<Mug>(200, "The mug");
        let list = Operation::get(Scope::Read, "/mugs", "Mugs").paged();
        let list = list.answers::<super::super::PageOf<Mug>>(200, "A page");
        Document::new("mugs", "Mugs.", vec![put, list], &[]).value().clone()
    }

    #[test]
    fn a_type_with_defaults_is_described_as_it_is_read_and_as_it_is_written() {
        let document = document();
        let put = &document["paths"]["/mugs/{id}"]["put"];
        let taken = &put["requestBody"]["content"]["application/json"]["schema"];
        assert_eq!(taken["required"], json!(["id"]));
        assert_eq!(taken["additionalProperties"], false);
        assert_eq!(document["components"]["schemas"]["Mug"]["required"], json!(["id", "colour"]));
        let given = &put["responses"]["200"]["content"]["application/json"]["schema"];
        assert_eq!(given["$ref"], "#/components/schemas/Mug");
    }

    #[test]
    fn each_operation_names_the_scope_that_it_takes() {
        let document = document();
        assert_eq!(document["components"]["securitySchemes"]["bearer"]["scheme"], "bearer");
        let put = &document["paths"]["/mugs/{id}"]["put"];
        assert_eq!(put["security"], json!([{ "bearer": ["write"] }]));
        assert!(put["responses"]["401"].is_object());
        assert_eq!(security(Access::Anybody), json!([]));
        assert_eq!(security(Access::OnThisMachine), json!([{}, { "bearer": ["read"] }]));
    }

    #[test]
    fn what_comes_with_every_command_and_page_is_in_it() {
        let document = document();
        let names = |operation: &Value| -> Vec<String> {
            let all = operation["parameters"].as_array().unwrap();
            all.iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
        };
        let put = &document["paths"]["/mugs/{id}"]["put"];
        let headers = ["Idempotency-Key", "Murmur-Token", "Murmur-Require-Durability"];
        let conditions = ["If-Match", "If-None-Match", "If-Unmodified-Since"];
        assert_eq!(names(put), [&["id"][..], &headers, &conditions].concat());
        assert_eq!(put["operationId"], "put_mugs_id");
        assert!(put["responses"]["503"]["content"]["application/problem+json"].is_object());
        let too_large = put["responses"]["413"]["description"].as_str().unwrap();
        assert!(too_large.contains("[row-too-large](/problems/row-too-large)"), "{too_large}");
        assert!(!too_large.contains("not-found"), "{too_large}");
        let list = &document["paths"]["/mugs"]["get"];
        assert_eq!(names(list), ["Murmur-Token", "limit", "cursor"]);
    }
}
