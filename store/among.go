package store

import (
	"context"

	"frontdesk/core/practice"
)

// Lists of ids in a statement. Our SQL has no arrays, so a list is as many
// arguments, from $2 on: some, or many. The texts stay constant, so that they are
// prepared once, and that a test can read them.
const (
	some = `($2, $3, $4, $5, $6, $7, $8, $9)`
	many = `(
	$2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21,
	$22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41,
	$42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61,
	$62, $63, $64, $65, $66, $67, $68, $69, $70, $71, $72, $73, $74, $75, $76, $77, $78, $79, $80, $81,
	$82, $83, $84, $85, $86, $87, $88, $89, $90, $91, $92, $93, $94, $95, $96, $97, $98, $99, $100, $101)`

	someCount, manyCount = 8, 100
)

// The same lists where other arguments come first.
const (
	someAfter10 = `($11, $12, $13, $14, $15, $16, $17, $18)`
	someAfter12 = `($13, $14, $15, $16, $17, $18, $19, $20)`
	manyAfter10 = `(
	$11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30,
	$31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50,
	$51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65, $66, $67, $68, $69, $70,
	$71, $72, $73, $74, $75, $76, $77, $78, $79, $80, $81, $82, $83, $84, $85, $86, $87, $88, $89, $90,
	$91, $92, $93, $94, $95, $96, $97, $98, $99, $100, $101, $102, $103, $104, $105, $106, $107, $108, $109, $110)`
	manyAfter12 = `(
	$13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31, $32,
	$33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46, $47, $48, $49, $50, $51, $52,
	$53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65, $66, $67, $68, $69, $70, $71, $72,
	$73, $74, $75, $76, $77, $78, $79, $80, $81, $82, $83, $84, $85, $86, $87, $88, $89, $90, $91, $92,
	$93, $94, $95, $96, $97, $98, $99, $100, $101, $102, $103, $104, $105, $106, $107, $108, $109, $110, $111, $112)`
)

// listAmong reads the rows of some ids: withSome and withMany are one statement
// with some or many in it, after the group. A list too short is filled up with its
// last id.
func listAmong[ID ~int64, T any](ctx context.Context, t *Tx, withSome, withMany string, group practice.ID, ids []ID, row func(scan scanner) (T, error)) ([]T, error) {
	return listAfter(ctx, t, withSome, withMany, in{group}, ids, row)
}

// listAfter is listAmong with other arguments first.
func listAfter[ID ~int64, T any](ctx context.Context, t *Tx, withSome, withMany string, lead in, ids []ID, row func(scan scanner) (T, error)) ([]T, error) {
	var out []T
	for len(ids) > 0 {
		text, size := withMany, manyCount
		if len(ids) <= someCount {
			text, size = withSome, someCount
		}
		now := ids[:min(size, len(ids))]
		ids = ids[len(now):]
		args := append(make(in, 0, len(lead)+size), lead...)
		for i := range size {
			args = append(args, int64(now[min(i, len(now)-1)]))
		}
		found, err := list(ctx, t, text, args, row)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	return out, nil
}
