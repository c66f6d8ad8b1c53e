//! What the ledger is told of services.

use super::{
    machine::{Ended, Told, Why},
    model::ServiceId,
};
use crate::ledger::Decision;

crate::facts! {
    ServiceAdded = "service.added", "a service is kept from now on" { service: ServiceId }
    ServiceChanged = "service.changed", "a service has another definition"
        { service: ServiceId, restart: bool }
    ServiceRemoved = "service.removed", "a service is not kept any more" { service: ServiceId }
    ServiceStarted = "service.started", "an incarnation of a service runs"
        { service: ServiceId, incarnation: u32, pid: Option<i32> }
    ServiceReady = "service.ready", "a service is ready" { service: ServiceId, incarnation: u32 }
    ServiceUnready = "service.unready", "a service is not ready any more"
        { service: ServiceId, incarnation: u32, error: String }
    ServiceExited = "service.exited", "an incarnation of a service ended"
        { service: ServiceId, ended: Ended }
    ServiceBackedOff = "service.backed-off", "a service will be started again after a pause"
        { service: ServiceId, attempt: u32, pause_ms: u64 }
    ServiceStopped = "service.stopped", "nothing of a service runs, as wanted" { service: ServiceId }
    ServiceCompleted = "service.completed", "a service has ended well"
        { service: ServiceId, ended: Ended }
    ServiceFailed = "service.failed", "a service failed, and a person must look"
        { service: ServiceId, why: Why }
    ServiceStraggled = "service.straggled", "processes of a service did not end in time"
        { service: ServiceId, incarnation: u32 }
    ServiceLost = "service.lost", "something of a service may run, and gaia cannot tell"
        { service: ServiceId, incarnation: u32 }
    ServiceUnprobed = "service.unprobed", "the probes of a service cannot be asked"
        { service: ServiceId, error: String }
    ServiceNoted = "service.noted", "something beside a service went wrong: a hook, a watch, an optional dependency"
        { service: ServiceId, what: String }
    ServiceEvidence = "service.evidenced", "what a person or an agent needs to see why a service failed"
        {
            service: ServiceId, why: Why, log: Vec<String>, screen: String, probes: Vec<String>,
            changed: Vec<String>,
        }
    ServiceSent = "service.signalled", "a signal was sent to a service"
        { service: ServiceId, signal: i32 }
}

/// Adds what the machine tells to a decision.
pub(super) fn tell(
    decision: &mut Decision,
    service: &ServiceId,
    (incarnation, attempt, pid): (u32, u32, Option<i32>),
    told: Told,
) {
    let service = service.clone();
    match told {
        Told::Started => decision.fact(&ServiceStarted { service, incarnation, pid }),
        Told::Ready => decision.fact(&ServiceReady { service, incarnation }),
        Told::Unready(error) => decision.fact(&ServiceUnready { service, incarnation, error }),
        Told::Exited(ended) => decision.fact(&ServiceExited { service, ended }),
        Told::BackedOff(pause_ms) => {
            decision.fact(&ServiceBackedOff { service, attempt, pause_ms })
        }
        Told::Stopped => decision.fact(&ServiceStopped { service }),
        Told::Completed(ended) => decision.fact(&ServiceCompleted { service, ended }),
        Told::Failed(why) => decision.fact(&ServiceFailed { service, why }),
        Told::Straggling => decision.fact(&ServiceStraggled { service, incarnation }),
        Told::Lost => decision.fact(&ServiceLost { service, incarnation }),
        Told::Unprobed(error) => decision.fact(&ServiceUnprobed { service, error }),
    };
}
