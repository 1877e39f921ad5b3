//! The FOCUS specification as code: columns by version, conformance rules, native exports to FOCUS, on Arrow batches
