export function Sources() {
  return (
    <div className="page">
      <h1>Sources</h1>
    </div>
  );
}
