//! What people are told of a process: in the log, and counted.

use engine::process::Report;

pub(super) fn log(report: Report) {
    match report {
        Report::Starting(step) => tracing::info!(step, "starting"),
        Report::Waiting(reason) => tracing::warn!(reason, "the start waits"),
        Report::Stage(stage, reason) => {
            tracing::info!(stage = ?stage, reason, "the stage has changed");
        }
        Report::Fenced(fence) => {
            tracing::error!(reason = %fence, "fenced: commands are refused");
        }
        Report::Doubt(reason) => {
            tracing::warn!(reason, "what the stream holds is read back");
            metrics::counter!("murmur_relay_doubts_total").increment(1);
        }
        Report::Alarm(stream, reason) => {
            let stream = stream.stream();
            tracing::error!(stream, reason, "the stream cannot be read on");
            metrics::counter!("murmur_reading_alarms_total", "stream" => stream.to_owned())
                .increment(1);
        }
        Report::Disbelieved(of) => {
            let stream = of.stream();
            tracing::error!(
                stream,
                "the end of a stream names a row of this service that never was: not believed"
            );
            metrics::counter!("murmur_witnesses_disbelieved_total", "stream" => stream.to_owned())
                .increment(1);
        }
        Report::Held(stream, reason) => {
            let stream = stream.stream();
            tracing::error!(stream, reason, "the stream is held until this is mended");
            metrics::counter!("murmur_streams_held_total", "stream" => stream.to_owned())
                .increment(1);
        }
        Report::TimerHeld(reason) => {
            tracing::error!(reason, "a timer cannot be handled and is held");
        }
        Report::Note(note) => tracing::info!("{note}"),
    }
}
