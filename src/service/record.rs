//! What is stored of a service.

use std::{collections::BTreeMap, path::PathBuf};

use serde::{Deserialize, Serialize};

use super::{
    machine::State,
    model::{Service, ServiceId},
};
use crate::{base::UnitId, ledger::Record};

/// A service gaia keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServiceRecord {
    /// Which one.
    pub(crate) id: ServiceId,
    /// Folder of its workspace.
    pub(crate) dir: PathBuf,
    /// What it shall be.
    pub(crate) service: Service,
    /// How far it is.
    pub(crate) state: State,
    /// Ports it has, by name.
    pub(crate) leases: BTreeMap<String, u16>,
    /// What its environment was made of when it was last started; see `launch::digest`.
    #[serde(default)]
    pub(crate) digest: String,
    /// The unit that its lives are counted in.
    #[serde(default)]
    pub(crate) unit: Option<UnitId>,
}

impl Record for ServiceRecord {
    const KIND: &'static str = "service";
    const VERSION: u16 = 1;

    fn key(&self) -> String {
        self.id.to_string()
    }
}
