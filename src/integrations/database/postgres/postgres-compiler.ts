/** How statements are written for PostgreSQL, beside what Kysely does. */
import {
  type BinaryOperationNode,
  type DataTypeNode,
  OperatorNode,
  PostgresQueryCompiler,
  PrimitiveValueListNode,
  type RawNode,
} from 'kysely';
import { formFor } from '../engine/per-engine.ts';

/**
 * Types with the range and order that SQLite's have: 64-bit integers, double precision, and texts
 * that are compared byte by byte, whatever the database's collation.
 */
const types: Partial<Record<string, string>> = {
  text: 'text collate "C"',
  integer: 'bigint',
  real: 'double precision',
};

export class PostgresCompiler extends PostgresQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    const type = types[node.dataType];
    if (type === undefined) super.visitDataType(node);
    else this.append(type);
  }

  /** Nothing is in an empty list, which SQLite can write. */
  protected override visitBinaryOperation(node: BinaryOperationNode): void {
    const { operator, rightOperand: list } = node;
    const isEmpty = PrimitiveValueListNode.is(list) && list.values.length === 0;
    const name = OperatorNode.is(operator) ? operator.operator : undefined;
    if (isEmpty && name === 'in') this.append('false');
    else if (isEmpty && name === 'not in') this.append('true');
    else super.visitBinaryOperation(node);
  }

  protected override visitRaw(node: RawNode): void {
    const form = formFor('postgresql', node);
    if (form === undefined) super.visitRaw(node);
    else this.visitNode(form);
  }
}
