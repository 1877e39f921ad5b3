//! HTTP: routes, sessions, OpenAPI, the assets of the UI
