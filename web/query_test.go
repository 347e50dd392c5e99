package web_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"testing"

	"frontdesk/web"
)

func TestAQueryThatCannotBeReadIsRefusedByName(t *testing.T) {
	for _, c := range []struct{ query, field string }{
		{"", ""}, {"search=100%25&page_size=1", ""}, {"search=byron%3B", ""}, {"a=b=c&&d", ""},
		{"search=100%", "search"}, {"search=byron;", "search"}, {"page_size=1;page=2", "page_size"},
		{"a=1&se%61rch=%zz", "search"}, {"%=1", "%"}, {";", ""},
	} {
		w := httptest.NewRecorder()
		r := httptest.NewRequest("GET", "/", nil)
		r.URL.RawQuery = c.query
		reached := false
		web.WholeQuery(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }), web.Fail).ServeHTTP(w,
			r)
		if whole := c.field == "" && c.query != ";"; whole {
			if !reached {
				t.Errorf("%q was refused: %s", c.query, w.Body)
			}
			continue
		}
		var body struct {
			Code    string
			Message []struct {
				Code, Expected string
				Path           []string
			}
		}
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil || reached || w.Code != 400 ||
			body.Code != "invalid_request" ||
			len(body.Message) != 1 || body.Message[0].Code != "invalid_query" || body.Message[0].Path[0] != c.field {
			t.Errorf("%q: %d %s, %v", c.query, w.Code, w.Body, err)
		}
	}
}
