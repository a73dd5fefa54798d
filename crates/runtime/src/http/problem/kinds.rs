//! The kinds of problems that any process may answer with, whatever it does.

use protocol::problem_kinds;

problem_kinds! {
    /// What any process may answer with.
    pub ALL;
    BAD_REQUEST: 400, "bad-request", "The request does not make sense" {
        when: "The request is none that the process understands.",
        remedy: "Compare it with /openapi.json.",
        example: "the request could not be read",
    }
    BAD_PATH: 400, "bad-path", "The path does not make sense" {
        when: "What is percent-encoded in the path is no text.",
        remedy: "Encode the path as UTF-8.",
        example: "\"/orders/%ff\" is not well encoded",
    }
    BAD_ID: 400, "bad-id", "The id in the path is no id" {
        when: "A part of the path that names a thing is too long, or holds letters that no id has.",
        remedy: "Use 1 to 64 letters, digits, - or _.",
        example: "\"a b\" is no id: use 1 to 64 of the characters A-Z, a-z, 0-9, _ and -",
    }
    BAD_QUERY: 400, "bad-query", "The query does not make sense" {
        when: "A part of the query is not known here, is there twice, is missing, or has a value that it cannot have.",
        remedy: "Correct the part that the detail names; known lists the parts that there are.",
        example: "\"stat\" is no part of this query: use state, customer, limit, cursor",
    }
    BAD_MOMENT: 400, "bad-moment", "There is no such moment" {
        when: "at is neither an event's number nor a time.",
        remedy: "Use a number such as 17, or a time such as 2026-01-31T12:00:00Z.",
        example: "\"yesterday\" is no moment: use a version, such as 17, or a time, such as 2026-01-31T12:00:00Z",
    }
    BAD_LIMIT: 400, "bad-limit", "The limit does not make sense" {
        when: "limit is no number, 0, or more than one page may hold.",
        remedy: "Use 1 to 500.",
        example: "use 1 to 500",
    }
    BAD_CURSOR: 400, "bad-cursor", "The cursor does not make sense" {
        when: "cursor is none that a page of this list has given.",
        remedy: "Take next from the page before, unchanged, or follow its Link.",
        example: "take it from the page before, unchanged",
    }
    BAD_HEADER: 400, "bad-header", "A header does not make sense" {
        when: "A header has a value that it cannot have, is missing, or was sent more than once.",
        remedy: "Correct the header that header names.",
        example: "Murmur-Token: use one such as ORDER=17",
    }
    BAD_JSON: 400, "bad-json", "The body is not what is asked for" {
        when: "The body is no JSON, lacks a field, or has one that is not known or of another type.",
        remedy: "Compare it with the schema in /openapi.json; line and column say where it stops making sense.",
        example: "missing field `customer_id` at line 1 column 12",
    }
    UNREADABLE_BODY: 400, "unreadable-body", "The body could not be read" {
        when: "The connection broke within the body.",
        remedy: "Send the request again, with the same Idempotency-Key.",
        example: "the connection was closed",
    }
    NO_TOKEN: 401, "no-token", "This takes a token" {
        when: "The request brings no token, and what it asks for is not for everybody.",
        remedy: "Send Authorization: Bearer TOKEN. That of `murmur up` is in operator.token of its data folder.",
        example: "send it as Authorization: Bearer TOKEN",
    }
    UNKNOWN_TOKEN: 401, "unknown-token", "This token is not known" {
        when: "The token is in no file of this process, was withdrawn, or is no Bearer token.",
        remedy: "Ask whoever runs the system for a token.",
        example: "it is not in this process's file of tokens",
    }
    MISSING_SCOPE: 403, "missing-scope", "This token is not good for that" {
        when: "The token is known and lacks the scope that this takes.",
        remedy: "Use a token with the scope that scope names.",
        example: "POST /customers takes a token with the scope price",
    }
    CROSS_SITE: 403, "cross-site", "Pages of other origins may not ask this" {
        when: "A browser says that a page of another origin has sent this.",
        remedy: "Allow that origin with --origin or MURMUR_ORIGINS, or ask from elsewhere than a page.",
        example: "Origin or Sec-Fetch-Site says that a page of another origin has sent this",
    }
    NOT_FOUND: 404, "not-found", "There is nothing here" {
        when: "The path is none of this process.",
        remedy: "See /openapi.json for what there is.",
        example: "/openapi.json says what there is",
    }
    UNKNOWN_PROBLEM: 404, "unknown-problem", "There is no such kind of problem" {
        when: "An explanation is asked for of a problem that this process never answers with.",
        remedy: "See /problems for all of them.",
        example: "/problems lists all kinds",
    }
    METHOD_NOT_ALLOWED: 405, "method-not-allowed", "This method is not for this path" {
        when: "The path is known, by other methods.",
        remedy: "Use one that Allow lists.",
        example: "use GET, HEAD, OPTIONS",
    }
    SLOW_BODY: 408, "slow-body", "The body did not come in time" {
        when: "The client has begun a body and not ended it.",
        remedy: "Send it at once, with the same Idempotency-Key.",
        example: "send it at once, or in parts that follow each other sooner",
    }
    PRECONDITION_FAILED: 412, "precondition-failed", "A precondition of the request does not hold" {
        when: "If-Match, If-None-Match or If-Unmodified-Since does not hold: somebody else has changed it, or it is not there.",
        remedy: "Read it again, decide again, and send the new ETag as If-Match.",
        example: "it has changed: read it again, and send the ETag of that answer as If-Match",
    }
    BODY_TOO_LARGE: 413, "body-too-large", "The body is too large" {
        when: "The body has more bytes than bytes_max.",
        remedy: "Send less in one request.",
        example: "524288 bytes are the limit",
    }
    ROW_TOO_LARGE: 413, "row-too-large", "What the command would write is too large" {
        when: "The event that the command would make has more bytes than a message may.",
        remedy: "Ask for less in one command.",
        example: "it takes 1100000 bytes, and 1048576 are the limit: ask for less",
    }
    NOT_JSON: 415, "not-json", "The body must be JSON" {
        when: "Content-Type does not say that the body is JSON.",
        remedy: "Send Content-Type: application/json, once.",
        example: "send content-type: application/json once, it says text/plain",
    }
    ENCODED_BODY: 415, "encoded-body", "The body must not be compressed" {
        when: "Content-Encoding says that the body is compressed.",
        remedy: "Send it as it is. Answers are compressed on demand.",
        example: "send it without content-encoding",
    }
    UNKNOWN_EXPECTATION: 417, "unknown-expectation", "Nothing but 100-continue can be expected" {
        when: "Expect says something else.",
        remedy: "Leave Expect out.",
        example: "nothing but 100-continue can be expected",
    }
    UNKNOWN_HOST: 421, "unknown-host", "This process does not answer under that name" {
        when: "Host names neither localhost nor a name that the process was told.",
        remedy: "Use localhost, or name the host with --host or MURMUR_HOSTS.",
        example: "it is called \"shop.example\" by the request: use localhost, or name it with --host or MURMUR_HOSTS",
    }
    KEY_REUSED: 422, "key-reused", "The Idempotency-Key was used for another request" {
        when: "A command comes with the key of an earlier one that asked for something else, or was another caller's.",
        remedy: "Choose a new key for a new request.",
        example: "choose a new key for a new request",
    }
    DEFECT: 500, "defect", "The service could not handle this" {
        when: "Something is wrong in the service itself.",
        remedy: "Its log says what happened: report it.",
        example: "It is not the request's fault. The service's log says what happened.",
    }
    NOT_READY: 503, "not-ready", "The process does not do its work now" {
        when: "/readyz is asked while it starts, stops, is fenced or catches up, or cannot read a stream that it decides on.",
        remedy: "Ask again after Retry-After; the detail says what it waits for.",
        example: "the broker has not answered yet",
    }
    STARTING: 503, "starting", "The service starts and takes no commands yet" {
        when: "It compares its database with its stream, or restores one from the other.",
        remedy: "Ask again after Retry-After, with the same Idempotency-Key.",
        example: "restoring 12,000 of 40,000 rows",
    }
    STOPPING: 503, "stopping", "The service stops" {
        when: "It was asked to stop, and takes nothing new.",
        remedy: "Ask again after Retry-After: whatever runs it may start it again.",
        example: "it finishes what it has begun",
    }
    FENCED: 503, "fenced", "The service refuses commands until somebody has chosen what to do" {
        when: "Its database and its stream contradict each other, or its database cannot be used.",
        remedy: "An operator chooses one of choices: `murmur heal`. Reads are answered meanwhile.",
        example: "the stream holds 40 rows that the database does not know",
    }
    ONLY_LOCAL: 503, "only-local", "The change is, or would be, kept in one place only" {
        when: "The broker is away, and the request demands Murmur-Require-Durability: replicated.",
        remedy: "Ask again after Retry-After with the same Idempotency-Key, or accept local.",
        example: "the broker is away",
    }
    OVERLOADED: 503, "overloaded", "Too many commands wait already" {
        when: "More commands come than the service can commit.",
        remedy: "Ask again after Retry-After, with the same Idempotency-Key.",
        example: "2048 commands wait",
    }
    OUTCOME_UNKNOWN: 503, "outcome-unknown", "The service has to end before it can tell what became of the command" {
        when: "The process ends while the command is under way: it may have had its effect.",
        remedy: "Ask again with the same Idempotency-Key: the answer is that of the first.",
        example: "ask again with the same Idempotency-Key",
    }
    TLS_REQUIRED: 400, "tls-required", "Here TLS is spoken" {
        when: "Plain HTTP is sent to a process that was started with a certificate.",
        remedy: "Write https://.",
        example: "write https://",
    }
    TOO_MANY_CONNECTIONS: 503, "too-many-connections", "Too many requests are being answered" {
        when: "Every connection that the process may have is being answered.",
        remedy: "Ask again after Retry-After.",
        example: "come again",
    }
    NOT_CAUGHT_UP: 504, "not-caught-up", "The process has not yet seen what Murmur-Token asks for" {
        when: "It waited for the events that the token names, and they did not come in time.",
        remedy: "Ask again, or without Murmur-Token for what there is.",
        example: "ask again, or without Murmur-Token for what there is",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_can_be_explained_beside_those_of_a_shop() {
        let lists: Vec<_> = [ALL].into_iter().chain(contracts::problems::ALL).collect();
        assert_eq!(protocol::problem_kind::faults(&lists), Vec::<String>::new());
    }
}
