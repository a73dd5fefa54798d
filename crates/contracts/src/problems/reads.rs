//! Problems of the query service and of the composer.

use protocol::problem_kinds;

problem_kinds! {
    /// Problems of the query service and of the composer.
    pub READS;
    REBUILDING: 503, "rebuilding", "The read model is not complete yet" {
        when: "It is being built from the streams, or catches up with them, and what is asked for may be in the rest.",
        remedy: "Ask again after Retry-After; freshness says how far it is. The owner of the data answers meanwhile.",
        example: "the read model is being built, and holds nothing yet",
    }
    REDIS_AWAY: 503, "redis-away", "The read model cannot be reached" {
        when: "The query service has lost Redis.",
        remedy: "Ask again after Retry-After. The owners of the data answer meanwhile.",
        example: "Redis cannot be reached: connection refused",
    }
    BROKER_AWAY: 503, "broker-away", "The streams cannot be read" {
        when: "A single event is asked for while the broker is away.",
        remedy: "Ask again after Retry-After.",
        example: "the broker is away",
    }
    UNKNOWN_STREAM: 404, "unknown-stream", "There is no such stream" {
        when: "The path names a stream that no service has.",
        remedy: "Use one that the detail names.",
        example: "use one of CUSTOMER, PRODUCT, ORDER, INVENTORY, PAYMENT, SHIPPING",
    }
    UNKNOWN_EVENT: 404, "unknown-event", "There is no such event" {
        when: "The stream is not that long, or not yet.",
        remedy: "Check the number.",
        example: "ORDER holds no event 12, or not yet",
    }
    BAD_SEQUENCE: 400, "bad-sequence", "An event has a number from 1" {
        when: "The path names an event by something else.",
        remedy: "Use a number such as 12.",
        example: "use one such as 12",
    }
    REPORT_TOO_LARGE: 422, "report-too-large", "The report would be too large" {
        when: "A report has more lines than one answer may have.",
        remedy: "Ask for another grouping, or for single ones.",
        example: "it has more than 10000 lines; ask for another grouping, or look at single ones",
    }
    TOO_MANY_LISTENERS: 503, "too-many-listeners", "Too many pages listen" {
        when: "As many listen at /live as may do so at once, in all or of one client.",
        remedy: "Close some pages, or try again after Retry-After.",
        example: "at most 16 of one client may listen at once: close some pages",
    }
    UNKNOWN_CODE: 403, "unknown-code", "This link signs nobody in" {
        when: "The code of a link was used before, or is older than five minutes.",
        remedy: "`murmur page` prints another link.",
        example: "it was followed before, or is older than some minutes: `murmur page` prints another",
    }
    UNKNOWN_PROCESS: 404, "unknown-process", "There is no such process" {
        when: "The log of something is asked for that is no process of this system.",
        remedy: "GET /supervised lists the processes.",
        example: "there is no process murmur",
    }
    NO_LOG: 404, "no-log", "This process has no log here" {
        when: "The processes were started by something other than `murmur up`, such as containers.",
        remedy: "Ask whatever has started the process for its log.",
        example: "`murmur up` keeps logs; else ask whatever has started the process",
    }
    UNKNOWN_GENERATION: 404, "unknown-generation", "There is no such generation" {
        when: "The path names a generation of the read model that there is not, or not any more.",
        remedy: "GET /generations lists them.",
        example: "there is no generation g-7 that this could be done with",
    }
    UNKNOWN_PARKED_EVENT: 404, "unknown-parked-event", "There is no such parked event" {
        when: "The path names an event that is folded, or that was not read yet.",
        remedy: "GET /parked lists those that are parked.",
        example: "ORDER/7 is folded, or not read yet: GET /parked lists those that are parked",
    }
    BAD_WHY: 400, "bad-why", "This is no reason" {
        when: "A parked event is dropped without a reason, or with one that is too long.",
        remedy: "Say why, in 1 to 500 characters.",
        example: "why has 1 to 500 characters",
    }
    UNKNOWN_VIEW: 404, "unknown-view", "There is no such view" {
        when: "Two generations are compared in a view of which neither has a record.",
        remedy: "Leave view out, or use one that a whole comparison names.",
        example: "no record of either generation is of the view orders2",
    }
    NOT_LOCAL: 403, "not-local", "Generations are changed on the machine of the query service only" {
        when: "Somebody on another machine asks for generations.",
        remedy: "Run `murmur views` on that machine.",
        example: "ask from the machine on which the query service runs",
    }
    BUILD_UNDER_WAY: 409, "build-under-way", "A generation is being built already" {
        when: "Another one is begun before the last was activated or deleted.",
        remedy: "Activate or delete that one first.",
        example: "generation g-7 is being built already: activate or delete it first",
    }
    NOT_BUILT: 409, "not-built", "The generation is not built to its end" {
        when: "It is to be activated too early.",
        remedy: "Wait until GET /generations says that it is built.",
        example: "generation g-7 is not built to its end yet",
    }
    BEHIND: 409, "behind", "The generation does not catch up" {
        when: "It is to be activated and has folded less than the live one.",
        remedy: "Try again when less is published, or build another.",
        example: "generation g-7 does not catch up with the live one",
    }
    OTHER_VERSION: 409, "other-version", "Another build has folded this generation" {
        when: "It is to be activated by a build whose views differ.",
        remedy: "Run the build that has folded it.",
        example: "generation g-7 was folded by another build: run that one to go back to it",
    }
    IS_LIVE: 409, "is-live", "This generation is the live one" {
        when: "It is to be deleted.",
        remedy: "Activate another one first.",
        example: "generation g-7 is the live one",
    }
    MOVED: 409, "moved", "The generations have changed meanwhile" {
        when: "Two operators change them at once.",
        remedy: "Look at GET /generations, and ask again.",
        example: "the generations have changed meanwhile: look again",
    }
    UNKNOWN_FILE: 404, "unknown-file", "The page has no such file" {
        when: "A file is asked for below /page/ that this build of the page does not have.",
        remedy: "Load the page again.",
        example: "there is no js/old.js",
    }
    UNKNOWN_DOCUMENT: 404, "unknown-document", "The contract has no such document" {
        when: "A document is asked for below /contract/ that there is not.",
        remedy: "GET /contract is the list of them.",
        example: "there is no saga.txt",
    }
    OWNERS_AWAY: 503, "owners-away", "The owners cannot be asked" {
        when: "No owner of the data answers the composer, and nothing is known from before.",
        remedy: "Ask again after Retry-After; missing says of each owner why.",
        example: "nothing is known of it from before, either",
    }
    OWNERS_LATE: 504, "owners-late", "The owners did not answer in time" {
        when: "Every owner took longer than the composer's deadline, and nothing is known from before.",
        remedy: "Ask again after Retry-After.",
        example: "nothing is known of it from before, either",
    }
    REFUSED_BY_OWNER: 400 | 403 | 404 | 422, "refused-by-owner", "The order service refused filter or page" {
        when: "The composer has passed a filter or a cursor on that the order service does not take.",
        remedy: "See problem, which is what that service said.",
        example: "use placed, prepared, confirmed, completed, rejected, cancelled",
    }
}
