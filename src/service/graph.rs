//! Who waits for whom.

use std::collections::BTreeMap;

use petgraph::{
    algo::tarjan_scc,
    graph::{DiGraph, NodeIndex},
};

use super::model::Service;

/// Circles of services that wait for each other; none where an order exists.
pub(crate) fn circles(services: &[&Service]) -> Vec<Vec<String>> {
    let mut graph = DiGraph::<&str, ()>::new();
    let nodes: BTreeMap<&str, _> =
        services.iter().map(|s| (s.name.as_str(), graph.add_node(s.name.as_str()))).collect();
    for service in services {
        for edge in &service.after {
            if let Some(to) = nodes.get(edge.service.as_str()) {
                graph.update_edge(nodes[service.name.as_str()], *to, ());
            }
        }
    }
    let circle =
        |scc: &Vec<NodeIndex>| scc.len() > 1 || scc.iter().any(|n| graph.contains_edge(*n, *n));
    let name = |scc: &Vec<NodeIndex>| {
        let mut names: Vec<String> = scc.iter().map(|n| graph[*n].to_owned()).collect();
        names.sort();
        names.extend(names.first().cloned());
        names
    };
    tarjan_scc(&graph).iter().filter(|scc| circle(scc)).map(name).collect()
}
