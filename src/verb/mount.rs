use axum::{
    Extension, Json, Router,
    body::Bytes,
    extract::{FromRef, Path, Query, State},
    response::{IntoResponse, Response},
    routing::{MethodFilter, on},
};
use schemars::schema_for;
use serde_json::{Map, Value};

use super::{Verb, Who, query};
use crate::{
    base::{Code, Refusal},
    client::Method,
};

/// The API side of `V`.
pub fn mount<V: Verb, S>(router: Router<S>) -> Router<S>
where
    V::Ctx: FromRef<S>,
    S: Clone + Send + Sync + 'static,
{
    let handler = async |State(ctx): State<V::Ctx>,
                         who: Option<Extension<Who>>,
                         Path(path): Path<Map<String, Value>>,
                         Query(pairs): Query<Vec<(String, String)>>,
                         body: Bytes|
           -> Response {
        match args::<V>(path, pairs, &body) {
            Ok(mut args) => {
                V::admit(&mut args, &who.map_or(Who::Person, |Extension(who)| who));
                V::run(ctx, args).await.map(Json).into_response()
            }
            Err(refusal) => refusal.into_response(),
        }
    };
    let method = match V::METHOD {
        Method::Get => MethodFilter::GET,
        Method::Post => MethodFilter::POST,
    };
    router.route(V::PATH, on(method, handler))
}

fn args<V: Verb>(
    path: Map<String, Value>,
    pairs: Vec<(String, String)>,
    body: &[u8],
) -> Result<V::Args, Refusal> {
    let mut args = match V::METHOD {
        Method::Get => query::read(&schema_for!(V::Args), pairs)?,
        Method::Post if body.is_empty() => Map::new(),
        Method::Post => serde_json::from_slice(body).map_err(|e| {
            Refusal::new(Code::Invalid, format!("the body is not a JSON object: {e}"))
        })?,
    };
    args.extend(path);
    serde_json::from_value(Value::Object(args)).map_err(|e| Refusal::new(Code::Invalid, e))
}
