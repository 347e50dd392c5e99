package store

import (
	"cmp"
	"context"
	"slices"
)

// The ids of a question about many things at once. A text has room for a fixed
// number of them, so that there is an end to the texts a database has to parse;
// what room is left is filled with the last id again.
const (
	fewIDs  = 20
	manyIDs = 200

	few2  = `($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`
	many2 = `($2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22,
		$23, $24, $25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44,
		$45, $46, $47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65, $66,
		$67, $68, $69, $70, $71, $72, $73, $74, $75, $76, $77, $78, $79, $80, $81, $82, $83, $84, $85, $86, $87, $88,
		$89, $90, $91, $92, $93, $94, $95, $96, $97, $98, $99, $100, $101, $102, $103, $104, $105, $106, $107, $108,
		$109, $110, $111, $112, $113, $114, $115, $116, $117, $118, $119, $120, $121, $122, $123, $124, $125, $126,
		$127, $128, $129, $130, $131, $132, $133, $134, $135, $136, $137, $138, $139, $140, $141, $142, $143, $144,
		$145, $146, $147, $148, $149, $150, $151, $152, $153, $154, $155, $156, $157, $158, $159, $160, $161, $162,
		$163, $164, $165, $166, $167, $168, $169, $170, $171, $172, $173, $174, $175, $176, $177, $178, $179, $180,
		$181, $182, $183, $184, $185, $186, $187, $188, $189, $190, $191, $192, $193, $194, $195, $196, $197, $198,
		$199, $200, $201)`
	// These leave $2 and $3 to something else.
	few4  = `($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)`
	many4 = `($4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23, $24,
		$25, $26, $27, $28, $29, $30, $31, $32, $33, $34, $35, $36, $37, $38, $39, $40, $41, $42, $43, $44, $45, $46,
		$47, $48, $49, $50, $51, $52, $53, $54, $55, $56, $57, $58, $59, $60, $61, $62, $63, $64, $65, $66, $67, $68,
		$69, $70, $71, $72, $73, $74, $75, $76, $77, $78, $79, $80, $81, $82, $83, $84, $85, $86, $87, $88, $89, $90,
		$91, $92, $93, $94, $95, $96, $97, $98, $99, $100, $101, $102, $103, $104, $105, $106, $107, $108, $109, $110,
		$111, $112, $113, $114, $115, $116, $117, $118, $119, $120, $121, $122, $123, $124, $125, $126, $127, $128,
		$129, $130, $131, $132, $133, $134, $135, $136, $137, $138, $139, $140, $141, $142, $143, $144, $145, $146,
		$147, $148, $149, $150, $151, $152, $153, $154, $155, $156, $157, $158, $159, $160, $161, $162, $163, $164,
		$165, $166, $167, $168, $169, $170, $171, $172, $173, $174, $175, $176, $177, $178, $179, $180, $181, $182,
		$183, $184, $185, $186, $187, $188, $189, $190, $191, $192, $193, $194, $195, $196, $197, $198, $199, $200,
		$201, $202, $203)`
)

// amongst is one question, with room for few ids and for many.
type amongst struct{ few, many string }

// listAmong reads every row that belongs to one of the ids, which come after
// the other arguments.
func listAmong[T any, I cmp.Ordered](
	ctx context.Context, t *Tx, of amongst, args in, ids []I, row func(scan scanner) (T, error),
) ([]T, error) {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	ids = slices.Compact(ids)
	var out []T
	for some := range slices.Chunk(ids, manyIDs) {
		text, room := roomFor(of, some)
		found, err := list(ctx, t, text, append(slices.Clone(args), room...), row)
		if err != nil {
			return nil, err
		}
		if out == nil {
			out = found
		} else {
			out = append(out, found...)
		}
	}
	return out, nil
}

// roomFor picks the text with room for so many ids, and fills it.
func roomFor[I any](of amongst, ids []I) (text string, room in) {
	text, n := of.few, fewIDs
	if len(ids) > fewIDs {
		text, n = of.many, manyIDs
	}
	room = make(in, n)
	for i := range room {
		room[i] = ids[min(i, len(ids)-1)]
	}
	return text, room
}

// Owned is something that belongs to an id.
type Owned[K comparable, T any] struct {
	Of    K
	Thing T
}

// among runs a statement for ids, which come between its other arguments.
func (t *Tx) among(ctx context.Context, of amongst, before in, ids []int64, after ...any) error {
	var all []statement
	for some := range slices.Chunk(ids, manyIDs) {
		text, room := roomFor(of, some)
		all = append(all, statement{text, slices.Concat(before, room, after)})
	}
	_, err := t.run(ctx, all)
	return err
}
