package stripe

import (
	"regexp"
	"strings"
)

// AddCoupon makes a coupon: amount is in pence, and percent of what is paid; one of them is 0.
func (s *Stripe) AddCoupon(id, name, currency string, amount int64, percent float64, products ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := object{"id": id, "object": "coupon", "name": name, "valid": true, "duration": "once", "created": s.Now().Unix()}
	if amount > 0 {
		c["amount_off"], c["currency"] = amount, currency
	} else {
		c["percent_off"] = percent
	}
	if len(products) > 0 {
		c["applies_to"] = object{"products": products}
	}
	s.coupons = append(s.coupons, c)
}

// AddCard makes a payment method as a patient's browser does, and gives its id.
func (s *Stripe) AddCard(brand, last4 string, month, year int) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	m := object{"id": s.id("pm"), "object": "payment_method", "type": "card", "created": s.Now().Unix(),
		"card": object{"brand": brand, "last4": last4, "exp_month": month, "exp_year": year, "country": "GB"}}
	s.methods = append(s.methods, m)
	return m.text("id")
}

func listCoupons(s *Stripe, r request) (object, *problem) {
	expanded := false
	for _, e := range r.values {
		expanded = expanded || len(e) > 0 && e[0] == "data.applies_to"
	}
	var out []object
	for _, c := range s.coupons {
		one := object{}
		for k, v := range c {
			if k != "applies_to" || expanded { // it is left out unless it is asked for
				one[k] = v
			}
		}
		out = append(out, one)
	}
	return list("/v1/coupons", out), nil
}

var (
	customerParams = []string{"name", "email", "phone", "payment_method",
		"invoice_settings[default_payment_method]", "metadata*", "expand*"}
	clause = regexp.MustCompile(`^(name|email|phone)([:~])"((?:[^"\\]|\\.)*)"(?: OR |$)`)
)

func (s *Stripe) method(id string) object {
	for _, m := range s.methods {
		if m.text("id") == id {
			return m
		}
	}
	return nil
}

func addCustomer(s *Stripe, r request) (object, *problem) {
	c := object{"id": s.id("cus"), "object": "customer", "created": s.Now().Unix(), "livemode": false}
	for _, field := range []string{"name", "email", "phone"} {
		c[field] = nil
		if v := r.values.Get(field); v != "" {
			c[field] = v
		}
	}
	settings := object{"default_payment_method": nil}
	if id := r.values.Get("payment_method"); id != "" {
		m := s.method(id)
		if m == nil {
			return nil, missing("PaymentMethod", id)
		}
		if m["customer"] != nil {
			return nil, invalid("payment_method", "The payment method was attached to another customer.")
		}
		m["customer"] = c.text("id")
	}
	if id := r.values.Get("invoice_settings[default_payment_method]"); id != "" {
		m := s.method(id)
		if m == nil || m["customer"] != c.text("id") {
			return nil, missing("PaymentMethod", id)
		}
		settings["default_payment_method"] = m
	}
	c["invoice_settings"] = settings
	s.customers = append(s.customers, c)
	return c, nil
}

func (s *Stripe) customer(id string) (object, *problem) {
	for _, c := range s.customers {
		if c.text("id") == id {
			return c, nil
		}
	}
	return nil, missing("customer", id)
}

func getCustomer(s *Stripe, r request) (object, *problem) { return s.customer(r.id) }

// searchCustomers understands clauses with OR between, as Stripe does; a part is three characters at least.
func searchCustomers(s *Stripe, r request) (object, *problem) {
	query := r.values.Get("query")
	if query == "" {
		return nil, invalid("query", "Missing required param: query.")
	}
	var out []object
	for _, c := range s.customers {
		hit := false
		for rest := query; rest != ""; {
			m := clause.FindStringSubmatch(rest)
			if m == nil {
				return nil, invalid("query", "We were unable to parse your search query.")
			}
			rest = rest[len(m[0]):]
			want := strings.NewReplacer(`\"`, `"`, `\\`, `\`).Replace(m[3])
			if m[2] == "~" && len([]rune(want)) < 3 {
				return nil, invalid("query", "Substring search needs at least 3 characters.")
			}
			have, want := strings.ToLower(c.text(m[1])), strings.ToLower(want)
			hit = hit || have != "" && (m[2] == ":" && have == want || m[2] == "~" && strings.Contains(have, want))
		}
		if hit {
			out = append(out, c)
		}
	}
	found := list("/v1/customers/search", out)
	found["object"] = "search_result"
	return found, nil
}

func listMethods(s *Stripe, r request) (object, *problem) {
	if _, wrong := s.customer(r.id); wrong != nil {
		return nil, wrong
	}
	var out []object
	for _, m := range s.methods {
		if m["customer"] == r.id {
			out = append(out, m)
		}
	}
	return list("/v1/customers/"+r.id+"/payment_methods", out), nil
}
