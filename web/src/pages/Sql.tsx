export function Sql() {
  return (
    <div className="page">
      <h1>Sql</h1>
    </div>
  );
}
