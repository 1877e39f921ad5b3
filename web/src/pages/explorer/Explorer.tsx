export function Explorer() {
  return (
    <div className="page">
      <h1>Explorer</h1>
    </div>
  );
}
